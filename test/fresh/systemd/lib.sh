# shellcheck shell=bash
# What the scenes of an operator's day share. A check that fails is counted; the last line says how many did.
failed=0
url=http://127.0.0.1:8080
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f s", b - a }'; }
expect() { # NAME ACTUAL PATTERN
  # shellcheck disable=SC2053
  if [[ $2 == $3 ]]; then echo "ok    $1: $2"; else echo "FAIL  $1: $2, not $3"; failed=$((failed + 1)); fi
}
ready() { timeout 120 sh -c "until curl -sf $url/readyz > /dev/null; do sleep 0.2; done" || expect 'the server is ready' no yes; }
comment() {
  curl -sf -u member:member-password-1 -H content-type:application/json -X POST \
    http://127.0.0.1:3000/api/v1/repos/coop/healthy/issues/1/comments -d "{\"body\":\"${1:-!testme}\"}" > /dev/null
}
deployed() { timeout 90 sh -c 'until [ -n "$(docker service ls -q)" ]; do sleep 0.2; done' || expect 'the run deploys' no yes; }
# state attempt harness verdict teardown worker of the newest run
newest() {
  curl -sf "$url/api/v1/runs?limit=1" | python3 -c '
import json, sys
run = json.load(sys.stdin)["runs"][0]; end = run["outcome"] or {}
print(run["state"], run["attempt"], (run["harness"] or "-").split("+")[0], end.get("verdict"), end.get("teardown"), run["worker"])'
}
ended() {
  for _ in $(seq 240); do
    case "$(newest)" in queued* | running*) sleep 1 ;; *) break ;; esac
  done
  newest
}
main() { systemctl show -p MainPID --value "$1"; }
settled() { timeout 120 sh -c "until [ \"\$(systemctl show -p ActiveState --value $1)\" = $2 ]; do sleep 0.2; done"; systemctl show -p ActiveState --value "$1"; }
nothing_left() {
  expect 'nothing is left on the engine' "$(docker service ls -q | wc -l) $(docker ps -aq | wc -l) $(docker volume ls -q | wc -l) $(docker network ls -q | wc -l) $(docker config ls -q | wc -l) $(docker secret ls -q | wc -l)" "${clean:?}"
}
