#!/bin/bash
# cspell:ignore sysv procps kmod capsh perfmon SIGRTMIN seccomp systempaths udevd
# An operator's first day: a bare Debian 12 with a real systemd, an engine and a Gitea in it, the guide docs/guide/run-a-server.md followed word
# for word, then stops, crashes, a hang, an upgrade, a roll back and a worker. Some ten minutes.
#   test/fresh/systemd.sh [--keep]        --keep: the machine stays, as the container cc-ci-systemd
# Needs root, mmdebstrap, an engine with the image cc-ci-fixtures/busybox:1 (npm run setup) and the built Gitea (scripts/setup/server-tests.ts).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
gitea=$(echo "${XDG_CACHE_HOME:-$HOME/.cache}"/cc-ci/gitea-*/gitea)
name=cc-ci-systemd
work=$(mktemp -d "${TMPDIR:-/var/tmp}/cc-ci-systemd-XXXXXX")
undo() {
  if [ "${1:-}" != --keep ]; then docker rm --force --volumes "$name" > /dev/null 2>&1 || true; fi
  docker volume rm "$name" > /dev/null 2>&1 || true
  docker image rm "$name:12" > /dev/null 2>&1 || true
  rm -rf "$work"
}
trap 'undo '"${1:-}" EXIT
trap 'exit 130' INT TERM

git clone -q --bare "$here/../.." "$work/source.git"
mmdebstrap --quiet --variant=apt --include=ca-certificates,systemd,systemd-sysv,dbus,iproute2,procps,kmod,openssl,python3 \
  --dpkgopt='path-exclude=/usr/share/doc/*' bookworm "$work/bare.tar"
docker import "$work/bare.tar" "$name:12" > /dev/null && rm "$work/bare.tar"
# Every capability that this machine can give: some have not all of them, and then --privileged does not work.
caps=$(capsh --decode="$(sed -n 's/^CapBnd:\t//p' /proc/self/status)" | sed 's/.*=//; s/,/\n/g' | grep -vE 'cap_(bpf|perfmon|checkpoint_restore)$' |
  sed 's/cap_//; s/.*/\U&/; s/^/--cap-add=/')
# shellcheck disable=SC2086
docker run --detach --name "$name" --hostname ci --stop-signal SIGRTMIN+3 $caps --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
  --security-opt systempaths=unconfined --device-cgroup-rule 'a *:* rwm' --cgroupns private --env container=docker \
  --tmpfs /run:exec --tmpfs /run/lock --tmpfs /tmp:exec,mode=1777 --volume "$name:/var/lib/docker" --volume "$work/source.git:/srv/source.git:ro" \
  --volume "$here/systemd:/srv/fresh:ro" --volume "$(dirname "$gitea"):/srv/gitea:ro" "$name:12" /bin/sh /srv/fresh/init.sh > /dev/null
inside() { docker exec "$name" "$@"; }
# Its start empties /tmp, under whoever came before.
inside timeout 60 sh -c 'until systemctl is-system-running 2> /dev/null | grep -qE "running|degraded"; do sleep 0.2; done'
# Authorities that the administrator added, and the settings of npm and pip, are the machine's, not the project's.
for file in /usr/local/share/ca-certificates/*.crt; do if [ -e "$file" ]; then docker cp -q "$file" "$name:$file"; fi; done
inside update-ca-certificates > /dev/null 2>&1
inside sh -c 'echo cafile=/etc/ssl/certs/ca-certificates.crt > /root/.npmrc; printf "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n" > /etc/pip.conf
  echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast; systemctl mask --quiet --now systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket'
inside bash /srv/fresh/install.sh
docker save cc-ci-fixtures/busybox:1 | docker exec --interactive "$name" docker load > /dev/null
inside bash /srv/fresh/forge.sh
inside bash /srv/fresh/day.sh
