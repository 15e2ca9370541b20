import { CREDENTIALS, NO_CLIENT, NO_LOGIN, NO_SERVER } from './inside-shell.ts'

const KEY = 'cc_ci_witness'
/** Keys of one database that are looked at; Redis does nothing else meanwhile. */
const MAX_KEYS = 100_000
/** While the server saves by itself it does not do so when asked. */
const SAVE_TURNS = 100

/** Counts the keys that do not expire, by type. Reads only. */
const COUNT_KEYS = `local c, n, t = '0', 0, {}
repeat
  local r = redis.call('SCAN', c, 'COUNT', 1000)
  c = r[1]
  for _, k in ipairs(r[2]) do
    n = n + 1
    if k ~= '${KEY}' and redis.call('PTTL', k) == -1 then
      local y = redis.call('TYPE', k).ok
      t[y] = (t[y] or 0) + 1
    end
  end
until c == '0' or n >= ${MAX_KEYS}
local o = {}
for y, v in pairs(t) do o[#o + 1] = y .. ' ' .. v end
if c ~= '0' then o[#o + 1] = 'cut 1' end
return o`

/**
 * Talks to the server in its own container. Arguments: `ping`, `look`, `plant VALUE`, `save` or `drop`, after the port and where the command line
 * takes its password from (a file, a variable, a configuration file; each may be empty). A password that stands in the command line itself
 * comes by the input. It travels in REDISCLI_AUTH, so that no process list shows it.
 */
export const REDIS = `${CREDENTIALS}
for name in redis-cli valkey-cli keydb-cli; do cli=$(command -v $name) && break; done
[ -n "$cli" ] || exit ${NO_CLIENT}
port=$1 file=$2 variable=$3 conf=$4 action=$5 value=\${6:-}
literal=$(cat)
ask() { "$cli" -h 127.0.0.1 -p "$port" "$@" 2>&1; }
fromconf() { for f in "$conf" /usr/local/etc/redis/redis.conf /usr/local/etc/valkey/valkey.conf /etc/redis/redis.conf /etc/redis.conf; do [ -r "$f" ] && sed -n "s/^[[:space:]]*requirepass[[:space:]]\\{1,\\}[\\"']\\{0,1\\}\\([^\\"']*\\)[\\"']\\{0,1\\}[[:space:]]*$/\\1/p" "$f"; done | tail -n 1; }
named() { case "$variable" in ''|*[!A-Za-z0-9_]*) ;; *) value "$variable" ;; esac; }
fromfile() { [ -n "$file" ] && [ -r "$file" ] && cat "$file"; }
inside() { said=$(ask PING); [ "$said" = PONG ]; }
for from in none literal fromfile named env fromconf; do
  case $from in
    none) password= ;;
    literal) password=$literal ;;
    env) password=$(first REDIS_PASSWORD VALKEY_PASSWORD KEYDB_PASSWORD REDISCLI_AUTH) ;;
    *) password=$($from) ;;
  esac
  if [ -n "$password" ]; then export REDISCLI_AUTH="$password"; elif [ $from = none ]; then unset REDISCLI_AUTH; else continue; fi
  inside && break
done
if [ "$said" != PONG ]; then
  printf '%s\\n' "$said" >&2
  case "$said" in *'Could not connect'*|*LOADING*|*refused*) exit ${NO_SERVER} ;; esac
  exit ${NO_LOGIN}
fi
must() { said=$(ask "$@"); case "$said" in OK|0|1) ;; *) printf '%s\\n' "$said" >&2; exit 4 ;; esac; }
case $action in
  plant) must SET ${KEY} "$value" ;;
  drop) must DEL ${KEY} ;;
  save)
    [ "$(ask CONFIG GET appendonly | tail -n 1)" = yes ] && { echo OK; exit 0; }
    for turn in $(seq ${SAVE_TURNS}); do said=$(ask SAVE); case "$said" in *'in progress'*) sleep 0.2 ;; *) break ;; esac; done
    printf '%s\\n' "$said" ;;
  look)
    echo '== info'; ask INFO all
    for setting in dir save appendonly maxmemory maxmemory-policy; do echo "== config $setting"; ask CONFIG GET $setting; done
    echo '== marker'; ask GET ${KEY}
    for db in $(ask INFO keyspace | sed -n 's/^db\\([0-9]*\\):.*/\\1/p'); do echo "== db $db"; ask -n "$db" EVAL "${COUNT_KEYS.replaceAll('\n', ' ')}" 0; done
    echo '== end' ;;
esac`

/** One look into a server. */
export interface RedisState {
  readonly marker: string | null
  /** Keys that never expire, by database number and type. Null: scripts are not allowed there. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<string, number> | null>
  /** Where it keeps its files; null where CONFIG is forbidden. */
  readonly dir: string | null
  /** Whether it writes anything at all, by save points or by the append-only file. Null where CONFIG is forbidden. */
  readonly writes: boolean | null
  /** It may throw away keys that never expire when memory is short. */
  readonly evicts: boolean
  /** How often somebody emptied a database since the server started. */
  readonly flushes: number
  /** Changes when the server was started again. */
  readonly runId: string
}

export function parseState(stdout: string): RedisState {
  const parts = sections(stdout)
  const info = (parts.get('info') ?? []).join('\n')
  const config = (name: string) => {
    const [key, ...value] = parts.get(`config ${name}`) ?? []
    return key === name ? (value[0] ?? '') : null
  }
  const [marker = ''] = parts.get('marker') ?? []
  const save = config('save')
  const policy = config('maxmemory-policy') ?? ''
  return {
    marker: marker === '' ? null : marker,
    keys: new Map(
      [...parts].flatMap(([name, lines]) => (name.startsWith('db ') ? [[name.slice(3), keysOf(lines)]] : [])),
    ),
    dir: config('dir'),
    writes: save === null ? null : save !== '' || config('appendonly') === 'yes',
    evicts: policy.startsWith('allkeys') && Number(config('maxmemory') ?? 0) > 0,
    flushes: [...info.matchAll(/^cmdstat_flush(?:db|all):calls=(\d+)/gm)].reduce(
      (sum, [, calls]) => sum + Number(calls),
      0,
    ),
    runId: /^run_id:(\w+)/m.exec(info)?.[1] ?? '',
  }
}

function sections(stdout: string): Map<string, string[]> {
  const parts = new Map<string, string[]>()
  let name = ''
  for (const text of stdout.replaceAll('\r', '').split('\n')) {
    if (text.startsWith('== ')) name = text.slice(3)
    else parts.set(name, [...(parts.get(name) ?? []), text])
  }
  return parts
}

function keysOf(lines: readonly string[]): ReadonlyMap<string, number> | null {
  const rows = lines.filter((text) => text !== '').map((text) => /^([a-z][\w-]*) (\d+)$/i.exec(text))
  if (rows.some((row) => row === null)) return null
  return new Map(rows.map((row) => [row?.[1] ?? '', Number(row?.[2])]))
}
