import { z } from 'zod'
import type { Fingerprint, TableShape } from './fingerprint.ts'

const SCHEMA = 'cc_ci_witness'

/**
 * Runs SQL from its input with the database container's own credentials, found as the usual images define them: variables or
 * files named by variables. Over the socket first (no password there in most images), then over the loopback with the password. Values of the
 * environment stay in variables; nothing of them is printed.
 */
export const PSQL = `value() { eval "v=\\\${$1:-}"; eval "f=\\\${$1_FILE:-}"; if [ -n "$v" ]; then printf %s "$v"; elif [ -n "$f" ] && [ -r "$f" ]; then cat "$f"; fi; }
first() { for n; do r=$(value "$n"); [ -n "$r" ] && { printf %s "$r"; return; }; done; }
command -v psql >/dev/null 2>&1 || exit 127
PGUSER=$(first POSTGRES_USER POSTGRESQL_USERNAME PGUSER); export PGUSER="\${PGUSER:-postgres}"
PGDATABASE=$(first POSTGRES_DB POSTGRESQL_DATABASE PGDATABASE); export PGDATABASE="\${PGDATABASE:-$PGUSER}"
PGPASSWORD=$(first POSTGRES_PASSWORD POSTGRESQL_PASSWORD PGPASSWORD); export PGPASSWORD
export PGCONNECT_TIMEOUT=10 PGOPTIONS='-c statement_timeout=60000 -c lock_timeout=20000 -c client_min_messages=error'
sql=$(cat)
for host in '' 127.0.0.1; do
  if [ -n "$host" ]; then export PGHOST=$host; fi
  psql -X -w -q -A -t -c 'SELECT 1' >/dev/null 2>&1 || continue
  printf '%s\\n' "$sql" | exec psql -X -w -q -A -t -v ON_ERROR_STOP="\${1:-1}" -f -
  exit $?
done
psql -X -w -q -A -t -c 'SELECT 1' >/dev/null; exit 2`

export const DROP = `DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE;`

/** `value` is made by us: letters and digits only. */
export function plantSql(value: string): string {
  return `BEGIN;
DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE;
CREATE SCHEMA ${SCHEMA};
CREATE TABLE ${SCHEMA}.marker (value text NOT NULL);
INSERT INTO ${SCHEMA}.marker VALUES ('${value}');
COMMIT;`
}

/** Prints `[value]` for the marker, or nothing where table or schema are gone. */
export const READ = `SELECT format('SELECT json_build_array(value) FROM %I.marker', '${SCHEMA}')
WHERE to_regclass('${SCHEMA}.marker') IS NOT NULL \\gexec
`

/** Prints a JSON array per column and per table; tables are counted one by one so that one that cannot be does not hide the rest. */
export const FINGERPRINT = `SELECT json_build_array('column', n.nspname || '.' || c.relname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped
AND n.nspname NOT IN ('pg_catalog', 'information_schema', '${SCHEMA}') AND n.nspname !~ '^pg_(toast|temp)' ORDER BY c.oid, a.attnum LIMIT 50000;
SELECT format('SELECT json_build_array(%L, %L, count(*)) FROM ONLY %I.%I', 'rows', n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
AND n.nspname NOT IN ('pg_catalog', 'information_schema', '${SCHEMA}') AND n.nspname !~ '^pg_(toast|temp)' ORDER BY c.oid LIMIT 2000 \\gexec
`

const line = z.union([
  z.tuple([z.literal('column'), z.string(), z.string()]),
  z.tuple([z.literal('rows'), z.string(), z.number()]),
])

/** The JSON lines of FINGERPRINT (and of the SQLite one) as a fingerprint. Lines that are none are left out. */
export function parseFingerprint(stdout: string): Fingerprint {
  const tables = new Map<string, { rows: number | null; columns: string[] }>()
  for (const text of stdout.split('\n').filter((part) => part.startsWith('['))) {
    const parsed = line.safeParse(JSON.parse(text))
    if (!parsed.success) continue
    const [kind, name, value] = parsed.data
    const table = tables.get(name) ?? { rows: null, columns: [] }
    if (kind === 'column') table.columns.push(value)
    else table.rows = value
    tables.set(name, table)
  }
  return { tables: tables as Map<string, TableShape> }
}
