import type { Coverage } from '../plan.ts'
import { type Toolbox, VOLUMES_DIR } from '../toolbox.ts'
import type { Witness, WitnessRow } from './contract.ts'
import { describeFingerprint, type Fingerprint, MAX_ROWS, parseFingerprint } from './fingerprint.ts'
import { manifestOf } from './manifest.ts'
import { compareFingerprints } from './survival.ts'

const MAX_BYTES = 512 * 1024 * 1024
const MAX_CANDIDATES = 5000
const MAX_DATABASES = 20
const MAX_TABLES = 500
const MAGIC = 'SQLite format 3\0'

/**
 * Copies database and log to a folder of the toolbox until both were still while they were copied, then prints what is asked. The index
 * (`-shm`) stays behind: SQLite builds it again from the log, and a copy of a living one would lie. `-safe` because file and names in it are a stranger's.
 */
const OPEN = `d=$(mktemp -d) || exit 1
trap 'rm -rf "$d"' EXIT
now() { stat -c '%s %y' -- "$1" "$1-wal" 2>/dev/null; }
for try in 1 2 3 4 5; do
  before=$(now "$1"); rm -f "$d"/*
  cp -- "$1" "$d/db" || exit 1
  if [ -f "$1-wal" ]; then cp -- "$1-wal" "$d/db-wal" || exit 1; fi
  [ "$before" = "$(now "$1")" ] && break
done
sqlite3 -safe -batch -bail "$d/db"`

const SHAPE = `PRAGMA trusted_schema=OFF;
SELECT json_array('column', m.name, c.name || ' ' || replace(c.type, ' ', '_')) FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY m.name, c.cid LIMIT 20000;
`

/** SQLite files in a volume, relative to it: by their first bytes, whatever they are called. */
export async function sqliteFiles(toolbox: Toolbox, volume: string): Promise<string[]> {
  const { entries } = await manifestOf(toolbox, volume)
  const candidates = entries
    .filter(
      ({ type, size, path }) =>
        type === 'f' && size >= 512 && size % 512 === 0 && size <= MAX_BYTES && !/-(wal|shm|journal)$/.test(path),
    )
    .slice(0, MAX_CANDIDATES)
  if (candidates.length === 0) return []
  const names = Buffer.from(candidates.map(({ path }) => `./${path}\0`).join(''), 'latin1').toString('base64')
  const script = 'cd "$1" && base64 -d | xargs -0 -r -n 500 head -q -c 16 -- | base64 -w0'
  const heads = Buffer.from(
    await toolbox.run(['sh', '-c', script, 'heads', `${VOLUMES_DIR}/${volume}`], { timeoutMs: 60_000, stdin: names }),
    'base64',
  )
  // A file that vanished in between shifts the rest; then nothing is known.
  if (heads.length !== candidates.length * MAGIC.length) return []
  return candidates
    .filter((_, index) => heads.toString('latin1', index * 16, index * 16 + 16) === MAGIC)
    .map(({ path }) => path)
    .filter((path) => Buffer.from(path, 'latin1').toString('utf8').includes('�') === false)
    .map((path) => Buffer.from(path, 'latin1').toString('utf8'))
    .slice(0, MAX_DATABASES)
}

/** The fingerprint of one SQLite file, read from a copy: the app's files are never opened. */
export async function sqliteFingerprint(toolbox: Toolbox, place: string): Promise<Fingerprint> {
  const shape = parseFingerprint(await query(toolbox, place, SHAPE))
  const tables = [...shape.tables.keys()].slice(0, MAX_TABLES)
  const counts = tables.map(
    (name) =>
      `SELECT json_array('rows', ${quote(name)}, (SELECT count(*) FROM (SELECT 1 FROM ${identifier(name)} LIMIT ${MAX_ROWS + 1})));\n`,
  )
  const counted = parseFingerprint(await query(toolbox, place, `PRAGMA trusted_schema=OFF;\n${counts.join('')}`))
  return {
    tables: new Map(
      [...shape.tables].map(([name, { columns }]) => [name, { columns, rows: counted.tables.get(name)?.rows ?? null }]),
    ),
  }
}

/** The fingerprint of one SQLite file; nothing is ever written to it, so a restore is judged by the marker file beside it and by what it holds. */
export function sqliteWitness(volume: string, path: string, covered: Coverage): Witness {
  const subject = `volume:${volume}/${path}`
  const place = `${VOLUMES_DIR}/${volume}/${path}`
  let before: Fingerprint | undefined
  let between: { readonly seen: Fingerprint; readonly words: string } | undefined
  const isThere = async (toolbox: Toolbox) =>
    (await toolbox.exec(['test', '-f', place], { timeoutMs: 30_000 })).exitCode === 0
  return {
    subject,
    kind: 'sqlite',
    excluded: excludedBy(path, covered),
    async plant({ toolbox }) {
      before = await sqliteFingerprint(toolbox, place)
    },
    async compare({ toolbox }): Promise<WitnessRow> {
      const was = before ?? { tables: new Map() }
      const row = {
        subject,
        kind: 'sqlite' as const,
        before: describeFingerprint(was),
        ...(between ? { destroyed: between.words } : {}),
      }
      if (!(await isThere(toolbox)))
        return { ...row, result: 'lost', after: 'no file', summary: 'the database file is gone' }
      const now = await sqliteFingerprint(toolbox, place)
      return { ...row, ...compareFingerprints(was, now, between?.seen), after: describeFingerprint(now) }
    },
    note: async () => undefined,
    async afterLoss({ toolbox }) {
      const seen = (await isThere(toolbox)) ? await sqliteFingerprint(toolbox, place) : null
      between = { seen: seen ?? { tables: new Map() }, words: seen ? describeFingerprint(seen) : 'no file' }
    },
    destroy: async () => undefined,
    async remove() {
      before = undefined
    },
  }
}

function excludedBy(path: string, covered: Coverage): string | null {
  if (covered.kind === 'none') return covered.reason
  if (covered.kind === 'all') return null
  const inside = covered.paths.some((named) => path === named || path.startsWith(`${named}/`))
  return inside ? null : `the labels cover only ${covered.paths.join(', ') || 'nothing'}`
}

function query(toolbox: Toolbox, place: string, sql: string): Promise<string> {
  return toolbox.run(['sh', '-c', OPEN, 'sqlite', place], {
    timeoutMs: 120_000,
    stdin: sql,
    maxBytes: 16 * 1024 * 1024,
  })
}

function quote(name: string): string {
  return `'${name.replaceAll("'", "''")}'`
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
