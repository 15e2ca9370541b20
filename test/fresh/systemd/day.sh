#!/bin/bash
# cspell:ignore journalctl
# Steps 3 to 8 of docs/guide/run-a-server.md on a machine with a real systemd, and what befalls a server there.
set -u
. /srv/fresh/lib.sh
cd /root && umask 077
# What a machine after `engine up` holds: Traefik's container, and the networks.
clean="0 1 0 $(docker network ls -q | wc -l) 0 0"

mkdir -p /etc/cc-ci
cat > /etc/cc-ci/server.env << SETTINGS
CC_CI_PUBLIC_URL=$url
CC_CI_FORGE_URL=http://127.0.0.1:3000
CC_CI_FORGE_TOKEN=$(cat forge-token)
# openssl rand -hex 16
CC_CI_WEBHOOK_SECRET=$(openssl rand -hex 16)
# openssl rand -hex 24
CC_CI_OPERATOR_TOKEN=$(openssl rand -hex 24)
CC_CI_PROXIES=none
SETTINGS
sed -n 's/^CC_CI_OPERATOR_TOKEN=//p' /etc/cc-ci/server.env > operator.token
cd /opt/cc-ci/current
cp install/cc-ci.service /etc/systemd/system/ && systemctl enable --quiet --now cc-ci 2> /dev/null
expect 'wrong settings are said once' "$(settled cc-ci failed) $(systemctl show -p NRestarts --value cc-ci)" 'failed 0'
sed -i 's/^CC_CI_PROXIES=.*/CC_CI_PROXIES=0/' /etc/cc-ci/server.env
began=$(now) && systemctl start cc-ci
expect "started after $(since "$began")" "$(curl -s $url/readyz)" ready
bin/cc-ci enroll coop/healthy --server $url --token-file /root/operator.token > /dev/null
expect 'enrolled' "$(bin/cc-ci enroll --list --server $url --token-file /root/operator.token)" 'coop/healthy *'
curl -sf -u admin:admin-password-1 -H content-type:application/json -X POST http://127.0.0.1:3000/api/v1/repos/coop/healthy/hooks -d "{
  \"type\":\"gitea\",\"active\":true,\"events\":[\"pull_request_comment\"],\"config\":{\"url\":\"$url/hooks/gitea\",\"content_type\":\"json\",
  \"secret\":\"$(sed -n 's/^CC_CI_WEBHOOK_SECRET=//p' /etc/cc-ci/server.env)\"}}" > /dev/null
began=$(now) && comment && deployed
expect 'a run' "$(ended)" 'done 1 0.1.0 pass clean embedded'
echo "      after $(since "$began")" && nothing_left

comment && deployed && began=$(now) && systemctl stop cc-ci
echo "      stop in the middle of a run took $(since "$began")" && nothing_left
systemctl start cc-ci && expect 'the run had ended' "$(newest)" 'done 1 0.1.0 pass clean *'

comment && deployed && began=$(now) && systemctl stop --no-block cc-ci && sleep 1
systemctl kill --kill-whom=main -s TERM cc-ci
expect 'a second signal gives back' "$(settled cc-ci inactive)" inactive
echo "      after $(since "$began")" && nothing_left
systemctl start cc-ci && expect 'the run starts again' "$(ended)" 'done 1 0.1.0 pass clean *'

comment && deployed && began=$(now) && kill -KILL "$(main cc-ci)" && sleep 1 && ready
echo "      ready after SIGKILL and $(since "$began")"
expect 'the run is judged by another attempt' "$(ended)" 'done 2 0.1.0 pass clean *' && nothing_left

mkdir -p /etc/systemd/system/cc-ci.service.d && printf '[Service]\nWatchdogSec=10\n' > /etc/systemd/system/cc-ci.service.d/short.conf
systemctl daemon-reload && systemctl restart cc-ci && ready
comment && deployed && hung=$(main cc-ci) && began=$(now) && kill -STOP "$hung"
timeout 60 sh -c "while [ \"\$(systemctl show -p MainPID --value cc-ci)\" = $hung ]; do sleep 0.2; done" && sleep 1 && ready
echo "      ready after a hang and $(since "$began")"
expect 'systemd saw the hang' "$(journalctl -u cc-ci --no-pager -o cat | grep -c 'Watchdog timeout')" 1
expect 'and the run is judged' "$(ended)" 'done 2 0.1.0 pass clean *' && nothing_left
rm -r /etc/systemd/system/cc-ci.service.d && systemctl daemon-reload

cd /opt/cc-ci && git clone -q /srv/source.git 0.2.0 && cp -al 0.1.0/node_modules 0.2.0/ && sed -i 's/"version": "0.1.0"/"version": "0.2.0"/' 0.2.0/package.json
sed -i "s/^  '0001-first': .*/&\n  '9999-later': { up: async (db) => void (await sql.raw('create table later (x integer)').execute(db)) },/" 0.2.0/src/server/storage/schema/migrations.ts
comment && deployed && ln -sfn 0.2.0 current && began=$(now) && systemctl restart cc-ci
echo "      an upgrade in the middle of a run took $(since "$began")"
expect 'the run ended with what it began with' "$(newest)" 'done 1 0.1.0 pass clean *'
comment && expect 'the next one has the new version' "$(sleep 1 && ended)" 'done 1 0.2.0 pass clean *'
runs=$(curl -sf "$url/api/v1/runs" | grep -o '"attempt":' | wc -l)
ln -sfn 0.1.0 current && systemctl restart cc-ci 2> /dev/null
expect 'an older version does not touch a newer database' "$(settled cc-ci failed) $(journalctl -u cc-ci --no-pager -o cat -n 20 | grep -c 'newer schema')" 'failed 1'
rm -r /var/lib/cc-ci/server/database && systemctl start cc-ci && ready
expect 'all runs are there after the rebuild' "$(curl -sf "$url/api/v1/runs" | grep -o '"attempt":' | wc -l)" "$runs"

echo CC_CI_WORKER_MEMORY=0 >> /etc/cc-ci/server.env && systemctl restart cc-ci && ready
curl -sf -H "Authorization: Bearer $(cat /root/operator.token)" -H content-type:application/json -d '{"name":"worker-2"}' $url/api/v1/workers |
  python3 -c 'import json,sys; print(json.load(sys.stdin)["token"])' > /etc/cc-ci/worker.token
printf 'CC_CI_SERVER=%s\n# what all runs may use together\nCC_CI_WORKER_MEMORY=4G\n' "$url" > /etc/cc-ci/worker.env
cp current/install/cc-ci-worker.service /etc/systemd/system/ && systemctl enable --quiet --now cc-ci-worker
comment && deployed && began=$(now) && systemctl stop cc-ci-worker
echo "      stop of a worker in the middle of a run took $(since "$began")"
expect 'a worker drains' "$(newest)" 'done 1 0.1.0 pass clean worker-2' && nothing_left
systemd-analyze security --no-pager cc-ci cc-ci-worker 2>&1 | grep Overall
echo "$failed checks failed"
[ "$failed" -eq 0 ]
