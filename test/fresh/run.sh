#!/bin/sh
# From nothing: a Debian 12 with git, Node >= 20 and npm, nothing else, in namespaces of its own with an engine of its own.
# Clones this repository's HEAD into it and runs a command there (default: the set-up, twice), timed.
#   test/fresh/run.sh [command...]        e.g. test/fresh/run.sh npm run demo
# Needs root, mmdebstrap and an engine with the toolbox image: a container of it lends the network. Leaves nothing but the
# archive of the bare system ($TMPDIR/cc-ci-fresh-12.tar) for the next time.
set -eu
if [ "${1:-}" = --inside ]; then
  # First process of the new namespaces: mounts what a machine has, then becomes the script in the new root.
  root=$2
  # The engine unpacks archives behind a remount of /, so the root has to be a mount of its own.
  mount --bind "$root" "$root"
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  # Not chroot alone: runc mounts volumes by paths that it reads from /proc, and those begin at the real root.
  cd "$root"
  mkdir -p .old
  pivot_root . .old
  exec chroot . /bin/sh -c 'umount -l /.old && exec /bin/sh /fresh.sh'
fi
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/var/tmp}/cc-ci-fresh-XXXXXX")
root=$work/root
archive=${TMPDIR:-/var/tmp}/cc-ci-fresh-12.tar
lender=$(basename "$work")
undo() { docker rm --force "$lender" > /dev/null 2>&1 || true; rm -rf --one-file-system "$work"; }
trap undo EXIT
trap 'exit 130' INT TERM
[ -e "$archive" ] || mmdebstrap --quiet --variant=apt --include=ca-certificates,git,mount bookworm "$archive"
mkdir "$root"
tar -xf "$archive" -C "$root"

# Authorities that the administrator added, and the settings of npm and pip, are the machine's, not the project's.
put() { if [ -e "$1" ]; then mkdir -p "$(dirname "$root$2")" && cp -RL "$1" "$root$2"; fi; }
for file in /usr/local/share/ca-certificates/*.crt; do put "$file" "$file"; done
chroot "$root" update-ca-certificates > /dev/null 2>&1
put "$(readlink -f "$(command -v node)")" /usr/local/bin/node
put "$(npm root --global)/npm" /usr/local/lib/node_modules/npm
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
put "$HOME/.npmrc" /root/.npmrc
put "$(npm config get globalconfig 2> /dev/null)" /usr/local/etc/npmrc
put /etc/pip.conf /etc/pip.conf
put /etc/resolv.conf /etc/resolv.conf
git clone --quiet --bare "$source" "$root/source.git"
{
  echo 'export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8'
  env | grep -E '^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|PIP_[A-Z_]*|npm_config_cafile|(HTTPS?|NO|https?|no)_(PROXY|proxy))=' | sed "s/'/'\\\\''/g; s/=\(.*\)/='\1'/; s/^/export /"
  cat << 'FRESH'
git clone --quiet /source.git /root/cc-ci && cd /root/cc-ci
timed() {
  echo "== $1"
  start=$(date +%s)
  status=0
  sh -c "$1" || status=$?
  echo "== $1: exit $status after $(($(date +%s) - start)) s"
}
FRESH
  if [ $# -gt 0 ]; then echo "timed '$*'"; else echo "timed 'npm run --silent setup'; timed 'npm run --silent setup'"; fi
  echo '[ $status = 0 ] || { echo "== last words of the engine:"; tail -n 60 /root/.local/state/cc-ci/machine/dockerd.log; }'
  echo 'exit $status'
} > "$root/fresh.sh"

docker run --detach --name "$lender" cc-ci/toolbox:1 sleep 7200 > /dev/null
network=/proc/$(docker inspect --format '{{.State.Pid}}' "$lender")/ns/net
# When its first process ends the kernel ends everything in the pid namespace, the engine included.
nsenter --net="$network" unshare --mount --pid --ipc --uts --fork --kill-child --propagation private sh "$0" --inside "$root"
