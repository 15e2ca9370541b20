#!/bin/sh
# The bridge between the nodes of a test Swarm, in a network of its own, which lives as long as this process.
#   hub.sh DIR
set -eu
ip link set lo up
ip link add hub type bridge
ip link set hub up
: > "$1/hub.up"
sleep infinity &
wait
