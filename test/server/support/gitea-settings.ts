// cspell:ignore INSTALL
import { userInfo } from 'node:os'
import type { BuiltGitea } from '../../../scripts/setup/server-parts/gitea-build.ts'

/** app.ini of a test forge in `dir` on loopback. The channel queue sends a webhook in 0.1 s; the default one takes up to 2 s. */
export function giteaSettings(dir: string, port: number, { staticRoot }: BuiltGitea): string {
  return `RUN_USER = ${userInfo().username}
WORK_PATH = ${dir}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
STATIC_ROOT_PATH = ${staticRoot}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = ${dir}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-tests
[webhook]
ALLOWED_HOST_LIST = loopback
[queue]
TYPE = channel
[service]
DISABLE_REGISTRATION = true
[cron]
ENABLED = false
[actions]
ENABLED = false
[log]
LEVEL = warn
`
}
