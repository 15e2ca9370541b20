#!/bin/bash
# A Gitea with an organisation, a bot with the rights that step 2 of the guide names, a member, a recipe and a pull request.
set -eu
umask 077
url=http://127.0.0.1:3000
gitea=/srv/gitea/gitea
export GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT=true HOME=/root
mkdir -p /root/forge
cat > /root/forge/app.ini << INI
RUN_USER = root
WORK_PATH = /root/forge
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = 3000
ROOT_URL = $url/
STATIC_ROOT_PATH = /srv/gitea/static
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = /root/forge/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-tests
[webhook]
ALLOWED_HOST_LIST = loopback
[queue]
TYPE = channel
[log]
LEVEL = warn
INI
cat > /etc/systemd/system/forge.service << UNIT
[Service]
Environment=GITEA_I_AM_BEING_UNSAFE_RUNNING_AS_ROOT=true HOME=/root
ExecStart=$gitea web -c /root/forge/app.ini
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload && systemctl enable --quiet --now forge
timeout 90 sh -c "until curl -sf $url/api/healthz > /dev/null; do sleep 0.2; done"
"$gitea" admin user create -c /root/forge/app.ini --admin --username admin --password admin-password-1 \
  --email admin@example.org --must-change-password=false > /dev/null
ask() { curl -sf -u "$1:$1-password-1" -H content-type:application/json -X "$2" "$url/api/v1$3" -d "${4:-{\}}"; }
field() { python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
for login in bot member; do
  ask admin POST /admin/users "{\"username\":\"$login\",\"password\":\"$login-password-1\",\"email\":\"$login@example.org\",\"must_change_password\":false}" > /dev/null
done
ask admin POST /orgs '{"username":"coop"}' > /dev/null
team=$(ask admin POST /orgs/coop/teams '{"name":"ci","permission":"write","includes_all_repositories":true,"units":["repo.code","repo.issues","repo.pulls"]}' | field id)
for login in bot member; do ask admin PUT "/teams/$team/members/$login"; done
ask bot POST /users/bot/tokens '{"name":"ci","scopes":["write:issue","write:repository","read:organization","read:user"]}' | field sha1 > /root/forge-token
ask admin POST /orgs/coop/repos '{"name":"healthy","default_branch":"main"}' > /dev/null
cd /opt/cc-ci/current
node_modules/node/bin/node --disable-warning=ExperimentalWarning --input-type=module -e "
  import { buildRecipe } from '/opt/cc-ci/current/fixtures/recipes/build.ts'
  await buildRecipe('healthy', '/root/recipe')"
cd /root/recipe
remote=http://admin:admin-password-1@127.0.0.1:3000/coop/healthy.git
git push -q "$remote" HEAD:refs/heads/main --tags
git checkout -q -b change && echo 'A change.' > README.md && git add README.md
git -c user.name=member -c user.email=member@example.org commit -qm 'A change' && git push -q "$remote" change
timeout 30 sh -c "until curl -s $url/api/v1/repos/coop/healthy | grep -q '\"empty\":false'; do sleep 0.2; done"
ask admin POST /repos/coop/healthy/pulls '{"head":"change","base":"main","title":"A change"}' > /dev/null
