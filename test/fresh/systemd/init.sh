#!/bin/sh
# cspell:ignore cpuacct cpuset blkio rshared
# First program of the machine: control groups as a kernel gives them to its own init, then systemd.
set -u
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
  umount -R -l /sys/fs/cgroup
  mount -o remount,rw /sys
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for name in cpu cpuacct cpuset memory devices freezer blkio pids; do
    mkdir "/sys/fs/cgroup/$name" && mount -t cgroup -o "$name" cgroup "/sys/fs/cgroup/$name"
  done
  mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
  mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
fi
mount --make-rshared /
exec /sbin/init
