#!/bin/sh
# Makes node_modules current (only npm is needed), then runs a script with the Node that it brings.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
stamp=node_modules/.cc-ci-lock
find_node() {
  for node in node_modules/node/bin/node node_modules/node/node_modules/node-*/bin/node node_modules/node-*/bin/node "$(command -v node || true)"; do
    [ -x "$node" ] || continue
    major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || continue
    [ "$major" -ge 24 ] && return 0
  done
  return 1
}
install() {
  wanted=$(cksum < package-lock.json)
  [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ] && find_node && return 0
  # Somebody just ran npm ci: it removed the stamp, and wrote its own list of what it installed last.
  if [ ! -e "$stamp" ] && [ node_modules/.package-lock.json -nt package-lock.json ] && find_node; then
    printf '%s\n' "$wanted" > "$stamp"
    return 0
  fi
  echo "Installing the packages of package-lock.json (npm ci)" >&2
  npm ci --no-audit --no-fund --loglevel=error --no-progress >&2
  # npm may have been told to run no install scripts; this one only fetches Node's own binary for this machine.
  find_node || (cd node_modules/node && npm run --silent preinstall) || true
  printf '%s\n' "$wanted" > "$stamp"
}
# Two at once would empty each other's node_modules. The lock is on the file that npm never replaces.
if command -v flock > /dev/null; then
  exec 9< package-lock.json
  flock -n 9 || { echo "Waiting for another npm ci in this folder" >&2; flock 9; }
  install
  exec 9<&-
else
  install
fi
find_node || { echo "No Node >= 24 found: 'npm ci' did not bring the package 'node'. Set allow-scripts for it, or install Node 24." >&2; exit 2; }
script=$1
shift
exec "$node" --disable-warning=ExperimentalWarning "$script" "$@"
