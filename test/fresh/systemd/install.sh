#!/bin/bash
# Step 1 of docs/guide/run-a-server.md, word for word.
set -eu
apt-get update -qq
apt-get install -qq -y --no-install-recommends git ca-certificates curl nodejs npm > /dev/null
mkdir -p /opt/cc-ci && cd /opt/cc-ci
git clone -q /srv/source.git 0.1.0 && ln -s 0.1.0 current
cd current && npm ci --loglevel=error && bin/cc-ci engine up
