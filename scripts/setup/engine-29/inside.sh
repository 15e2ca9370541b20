#!/bin/sh
# cspell:ignore netns mountinfo veth pidfile procs
# First process of a test engine's namespaces: gives it mounts of its own, starts dockerd and reaps what is left to it.
#   inside.sh DIR CGROUP [dockerd argument...]
# ENGINE_CGROUPS: it enters these first; ENGINE_DISK: a file with the file system for the engine's folder; ENGINE_UPLINK: a link that somebody gives to its
# network, with an address, before the engine starts.
# When it ends, the kernel ends everything in the pid namespace, and with it go the mounts and the network.
set -eu
dir=$1
cgroup=$2
shift 2
# shellcheck disable=SC2086
for procs in ${ENGINE_CGROUPS:-}; do echo 0 > "$procs"; done
if [ -n "${ENGINE_DISK:-}" ]; then
  mkdir "$dir/data"
  mount -o loop "$ENGINE_DISK" "$dir/data"
fi
# /sys/class/net has to show this network namespace; the cgroups are the machine's.
mkdir -p "$dir/cgroup"
mount --rbind /sys/fs/cgroup "$dir/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$dir/cgroup" /sys/fs/cgroup
umount -l "$dir/cgroup"
rmdir "$dir/cgroup"
# Copies of the outer engine's mounts would keep its containers' file systems from being removed.
awk '$5 ~ "^(/var/lib/docker/|/run/docker/netns/|/run/netns/|/run/containerd/)" { print $5 }' /proc/self/mountinfo | sort -r \
  | while read -r mount; do umount -l "$mount" 2> /dev/null || true; done
mount -t tmpfs -o mode=755 tmpfs /run
# No way out, so no name server: one that does not answer makes the engine wait for it.
echo 'nameserver 127.0.0.1' > /run/resolv.conf
mount --bind /run/resolv.conf "$(readlink -f /etc/resolv.conf)"
ip link set lo up
# An address that is not loopback, as every machine has; from a range that is nobody's (RFC 2544).
if [ -n "${ENGINE_UPLINK:-}" ]; then
  tries=0
  until ip -4 address show dev "$ENGINE_UPLINK" 2> /dev/null | grep -q inet; do
    tries=$((tries + 1))
    if [ "$tries" -gt 1000 ]; then echo "nobody gave $ENGINE_UPLINK"; exit 1; fi
    sleep 0.02
  done
else
  ip link add outer type veth peer name nobody
  ip address add 198.18.29.1/24 dev outer
  ip link set nobody up
  ip link set outer up
fi
trap 'exit 0' TERM
rm -f "$dir/dockerd.pid"
dockerd --data-root "$dir/data" --exec-root /run/docker --pidfile "$dir/dockerd.pid" --host "unix://$dir/engine.sock" \
  --cgroup-parent "$cgroup" "$@" >> "$dir/dockerd.log" 2>&1 &
wait
