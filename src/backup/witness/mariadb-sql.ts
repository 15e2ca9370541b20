import { MAX_ROWS } from './fingerprint.ts'
import { CREDENTIALS, NO_CLIENT, NO_LOGIN, NO_SERVER } from './inside-shell.ts'

const TABLE = 'cc_ci_witness'
const SYSTEM = `('mysql', 'information_schema', 'performance_schema', 'sys')`
/** Of a fingerprint. Beyond it tables are not listed. */
export const MAX_TABLES = 5000
/** Their rows are gone after any restart, or lie elsewhere. */
const NOT_COUNTED = ['memory', 'federated', 'connect', 'spider', 'mrg_myisam', 'blackhole']

/**
 * Runs SQL from its input with the database container's own credentials, as the images of MariaDB, MySQL, Bitnami and LinuxServer define them:
 * root with its password, else the app's user, else root over the socket without one (a random root password is known to nobody).
 * First the app's own database, else none. The password travels in MYSQL_PWD, so that no process list shows it. Prints a line
 * `login USER VERSION DATABASE` in hexadecimal digits first.
 */
export const MYSQL = `${CREDENTIALS}
client=$(command -v mariadb || command -v mysql) || exit ${NO_CLIENT}
force=\${1:-}
run() { MYSQL_PWD=$password "$client" --no-auto-rehash --batch --skip-column-names --default-character-set=utf8mb4 --connect-timeout=10 --user="$user" "$@"; }
login() { why=$(run "$@" --execute="SELECT CONCAT_WS(' ', 'login', HEX(CURRENT_USER()), HEX(VERSION()), HEX(IFNULL(DATABASE(), '')))" 2>&1) || return 1; why=$(printf '%s\\n' "$why" | grep '^login ') || return 1; }
serve() {
  case "$why" in
    *"$maria"*) limit='SET SESSION lock_wait_timeout=20; SET SESSION max_statement_time=20;' ;;
    *) limit='SET SESSION lock_wait_timeout=20; SET SESSION max_execution_time=20000;' ;;
  esac
  printf '%s\\n' "$why"
  { printf '%s\\n' "$limit"; cat; } | run $force "$@"
  exit $?
}
maria=4D617269614442
database=$(first MARIADB_DATABASE MYSQL_DATABASE)
attempt() {
  [ -n "$user" ] || return 0
  for way in --protocol=SOCKET --protocol=TCP; do
    [ $way = --protocol=TCP ] && set -- --host=127.0.0.1 || set --
    if [ -n "$database" ]; then login $way "$@" --database="$database" && serve $way "$@" --database="$database"; fi
    case "$why" in *' 1045 '*|*' 1698 '*) ;; *) login $way "$@" && serve $way "$@" ;; esac
    seen="$seen
$why"
    why=
  done
}
seen= why=
user=$(first MARIADB_ROOT_USER MYSQL_ROOT_USER); user=\${user:-root}; password=$(first MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD)
if [ -n "$password" ]; then attempt; fi
user=$(first MARIADB_USER MYSQL_USER); password=$(first MARIADB_PASSWORD MYSQL_PASSWORD)
attempt
user=root password=
attempt
printf '%s\\n' "$seen" | grep -E ' (1045|1698|1044) ' >&2 || printf '%s\\n' "$seen" >&2
case "$seen" in *' 1045 '*|*' 1698 '*|*' 1044 '*) exit ${NO_LOGIN} ;; *' 2002 '*|*' 2003 '*|*' 2013 '*|*' 2026 '*) exit ${NO_SERVER} ;; esac
exit ${NO_LOGIN}`

/** What is there: databases, tables, columns, and the databases that hold a marker. All names in hexadecimal digits: they may be anything. */
export const LIST = `SELECT CONCAT_WS(' ', 'database', HEX(schema_name)) FROM information_schema.schemata WHERE schema_name NOT IN ${SYSTEM};
SELECT CONCAT_WS(' ', 'marked', HEX(table_schema)) FROM information_schema.tables WHERE table_name = '${TABLE}';
SELECT CONCAT_WS(' ', 'table', HEX(table_schema), HEX(table_name), HEX(LOWER(IFNULL(engine, 'none')))) FROM information_schema.tables
WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') AND table_schema NOT IN ${SYSTEM} AND table_name <> '${TABLE}'
ORDER BY table_schema, table_name LIMIT ${MAX_TABLES};
SELECT CONCAT_WS(' ', 'column', HEX(table_schema), HEX(table_name), HEX(column_name), HEX(column_type)) FROM information_schema.columns
WHERE table_schema NOT IN ${SYSTEM} AND table_name <> '${TABLE}' ORDER BY table_schema, table_name, ordinal_position LIMIT 100000;
`

interface Login {
  /** `root@localhost`. */
  readonly user: string
  readonly version: string
  /** The app's own database, or empty. */
  readonly database: string
}

export interface DatabaseListing {
  readonly login: Login
  readonly databases: readonly string[]
  /** Databases with a marker table. */
  readonly marked: readonly string[]
  readonly tables: readonly { readonly database: string; readonly table: string; readonly engine: string }[]
  readonly columns: readonly {
    readonly database: string
    readonly table: string
    readonly column: string
    readonly type: string
  }[]
}

/** The lines of LIST. Columns of views are among them, because only tables are listed by kind. */
export function parseList(stdout: string): DatabaseListing {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '))
  const of = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...fields]) => fields.map(fromHex))
  const [[user = '', version = '', database = ''] = []] = of('login')
  return {
    login: { user, version, database },
    databases: of('database').flatMap(([name]) => name ?? []),
    marked: of('marked').flatMap(([name]) => name ?? []),
    tables: of('table').map(([schema = '', table = '', engine = '']) => ({ database: schema, table, engine })),
    columns: of('column').map(([schema = '', table = '', column = '', type = '']) => ({
      ...{ database: schema, table, column },
      type: type.replaceAll(' ', '_'),
    })),
  }
}

export function isCountable(engine: string): boolean {
  return !NOT_COUNTED.includes(engine)
}

/** Counts each table by itself, so that one that cannot be counted does not hide the rest; reads the markers. */
export function countSql(tables: DatabaseListing['tables'], marked: readonly string[]): string {
  const counts = tables.map(
    ({ database, table }) =>
      `SELECT CONCAT('rows ${toHex(database)} ${toHex(table)} ', COUNT(*)) FROM (SELECT 1 FROM ${quote(database)}.${quote(table)} LIMIT ${MAX_ROWS + 1}) AS counted;\n`,
  )
  const markers = marked.map(
    (database) => `SELECT CONCAT('marker ${toHex(database)} ', HEX(value)) FROM ${quote(database)}.${TABLE};\n`,
  )
  return [...markers, ...counts].join('')
}

export interface RowCounts {
  /** What the marker of each database holds. */
  readonly markers: ReadonlyMap<string, string>
  /** By `database.table`. */
  readonly rows: ReadonlyMap<string, number>
}

export function parseCounts(stdout: string): RowCounts {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '))
  const markers = lines.flatMap(([kind, database = '', value = '']) =>
    kind === 'marker' ? [[fromHex(database), fromHex(value)] as const] : [],
  )
  const rows = lines.flatMap(([kind, database = '', table = '', count = '']) =>
    kind === 'rows' && /^\d+$/.test(count) ? [[`${fromHex(database)}.${fromHex(table)}`, Number(count)] as const] : [],
  )
  return { markers: new Map(markers), rows: new Map(rows) }
}

/** A primary key, because servers may demand one. `value` is made by us: letters and digits only. */
export function plantSql(database: string, value: string): string {
  return `${dropSql(database)}
CREATE TABLE ${quote(database)}.${TABLE} (value VARCHAR(64) NOT NULL PRIMARY KEY);
INSERT INTO ${quote(database)}.${TABLE} VALUES ('${value}');
COMMIT;`
}

export function dropSql(database: string): string {
  return `DROP TABLE IF EXISTS ${quote(database)}.${TABLE};`
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function toHex(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}

function fromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('utf8')
}
