# cc-ci for CI systems: a step runs in it and tests a recipe on the engine whose socket it is given. From the root of the repository:
#   docker build --file install/ci.Dockerfile --tag cc-ci/ci:0.1.0 .
# docs/guide/ci-systems.md says how to run it.
ARG BASE=node:24-bookworm-slim
ARG DOCKER_CLI=docker:28-cli

FROM ${DOCKER_CLI} AS docker-cli

FROM ${BASE} AS packages
WORKDIR /opt/cc-ci
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-progress

FROM ${BASE}
# git: clones of recipes. openssl: certificates of each run. The rest makes the images that runs need, as `cc-ci engine up` does.
RUN apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    busybox-static ca-certificates debian-archive-keyring git mmdebstrap openssl python3-pip \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/*
COPY --from=docker-cli /usr/local/bin/docker /usr/local/bin/docker
# Whoever the job runs as may write to both: a job can have the user of its workspace. A new volume takes the mode of the folder that it is mounted on.
RUN useradd --uid 5211 --user-group --create-home --shell /bin/bash cc-ci \
  && chmod 1777 /home/cc-ci && install -d -m 1777 /var/lib/cc-ci
WORKDIR /opt/cc-ci
COPY --from=packages /opt/cc-ci/node_modules node_modules
COPY package.json package-lock.json CHANGELOG.md ./
COPY docs/guide docs/guide
COPY docs/reference docs/reference
COPY bin bin
COPY src src
RUN ln -s /opt/cc-ci/bin/cc-ci /usr/local/bin/cc-ci && cc-ci --version
# What is asked of an engine once is remembered beside the runs.
ENV HOME=/home/cc-ci CC_CI_STATE=/var/lib/cc-ci XDG_CACHE_HOME=/var/lib/cc-ci/cache
USER cc-ci
WORKDIR /home/cc-ci
# No entry point: a CI system starts a shell in it.
CMD ["cc-ci", "--help"]
