import { MAX_ROWS } from './fingerprint.ts'
import { CREDENTIALS, NO_CLIENT, NO_LOGIN, NO_SERVER } from './inside-shell.ts'

const SCHEMA = 'cc_ci_witness'
/** Other databases of a cluster beyond this many are not looked at. */
const MAX_DATABASES = 50
/** Of one database in a fingerprint. Beyond it tables are not listed. */
export const MAX_TABLES = 2000

/**
 * Runs SQL from its input with the database container's own credentials. Over the socket first (no password there in most images), then over
 * the loopback with the password. Values of the environment stay in variables; nothing of them is printed. With `all` as second argument it runs the
 * SQL in every other database of the cluster too, with `others` only there, after a line `["database", NAME]` each; `["unreadable", NAME]` where the
 * login may not.
 */
export const PSQL = `${CREDENTIALS}
command -v psql >/dev/null 2>&1 || exit ${NO_CLIENT}
PGUSER=$(first POSTGRES_USER POSTGRESQL_USERNAME PGUSER); export PGUSER="\${PGUSER:-postgres}"
PGDATABASE=$(first POSTGRES_DB POSTGRESQL_DATABASE PGDATABASE); export PGDATABASE="\${PGDATABASE:-$PGUSER}"
PGPASSWORD=$(first POSTGRES_PASSWORD POSTGRESQL_PASSWORD PGPASSWORD); export PGPASSWORD
export LC_ALL=C PGCONNECT_TIMEOUT=10 PGOPTIONS='-c statement_timeout=60000 -c lock_timeout=20000 -c client_min_messages=error'
sql=$(cat)
for host in '' 127.0.0.1; do
  if [ -n "$host" ]; then export PGHOST=$host; fi
  why=$(psql -X -w -q -A -t -c 'SELECT 1' 2>&1 >/dev/null) || continue
  run() { printf '%s\\n' "$sql" | psql -X -w -q -A -t -v ON_ERROR_STOP="$1" -f -; }
  [ "\${2:-}" = others ] || run "\${1:-1}" || exit $?
  [ "\${2:-own}" != own ] || exit 0
  psql -X -w -q -A -t -c "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> current_database() AND datname !~ '[[:cntrl:]]' ORDER BY oid LIMIT ${MAX_DATABASES}" |
    while IFS= read -r name; do
      says() { printf 'SELECT json_build_array(%s, :%s);\\n' "'$1'" "'name'" | psql -X -w -q -A -t -v name="$name" -f -; }
      if PGDATABASE=$name psql -X -w -q -A -t -c 'SELECT 1' </dev/null >/dev/null 2>&1; then says database; (PGDATABASE=$name; run "\${1:-1}"); else says unreadable; fi
    done
  exit 0
done
printf '%s\\n' "$why" >&2
case "$why" in *refused*|*'starting up'*|*'shutting down'*|*'recovery'*|*'timeout'*|*'closed the connection'*) exit ${NO_SERVER} ;; esac
exit ${NO_LOGIN}`

export const DROP = `DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE;`

const APP_TABLES = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
AND n.nspname NOT IN ('pg_catalog', 'information_schema', '${SCHEMA}') AND n.nspname !~ '^pg_(toast|temp)'`

/** `value` is made by us: letters and digits only. */
export function plantSql(value: string): string {
  return `BEGIN;
DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE;
CREATE SCHEMA ${SCHEMA};
CREATE TABLE ${SCHEMA}.marker (value text NOT NULL);
INSERT INTO ${SCHEMA}.marker VALUES ('${value}');
COMMIT;`
}

/** The same where there are tables of an app; says `["planted", true]` then. */
export function plantWhereFilled(value: string): string {
  return `SELECT count(*) > 0 AS filled ${APP_TABLES} \\gset
\\if :filled
${plantSql(value)}
SELECT json_build_array('planted', true);
\\endif
`
}

/**
 * Prints JSON arrays: the marker, or nothing where it is gone; then each column and each table. Tables are counted one by one so that one
 * that cannot be does not hide the rest. By object id, so that new tables come last.
 */
export const LOOK = `SELECT format('SELECT json_build_array(''marker'', value) FROM %I.marker', '${SCHEMA}')
WHERE to_regclass('${SCHEMA}.marker') IS NOT NULL \\gexec
WITH t AS (SELECT c.oid, n.nspname, c.relname ${APP_TABLES} ORDER BY c.oid LIMIT ${MAX_TABLES})
SELECT json_build_array('column', nspname || '.' || relname, attname || ' ' || replace(format_type(atttypid, atttypmod), ' ', '_'))
FROM t JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY t.oid, a.attnum;
SELECT format('SELECT json_build_array(%L, %L, count(*)) FROM (SELECT 1 FROM ONLY %I.%I LIMIT ${MAX_ROWS + 1}) counted', 'rows', n.nspname || '.' || c.relname, n.nspname, c.relname)
${APP_TABLES} ORDER BY c.oid LIMIT ${MAX_TABLES} \\gexec
`
