import { type Cause, cause } from '../verdict/causes.ts'
import { nodesIn } from './contents.ts'
import { type BackupPlan, type PlannedVolume, targets } from './plan.ts'
import type { BackupSnapshot } from './restic.ts'
import { type Toolbox, VOLUMES_DIR } from './toolbox.ts'

/** A dump in the snapshot and what its content shows. */
export interface DumpReport {
  readonly volume: string
  readonly path: string
  readonly kind: 'sql' | 'gzip' | 'tar' | 'sqlite' | 'pgdump' | 'other'
  readonly bytes: number
  /** Null: whole, as far as its kind can tell. */
  readonly problem: string | null
}

/** Names that say "dump". */
const DUMP_NAME = /\.(sql|dump|pgdump|bak|backup|tar|tgz|gz|dmp)$/i
/** Looked at per backup; more would be a data directory, not dumps. */
const MAX_DUMPS = 20
const BOUNDS = { timeoutMs: 300_000 }

/**
 * Looks into the dumps of a snapshot: files that the labels name, and files of a dump's name in other covered places that were written within
 * 15 minutes before the snapshot (that is what hooks do; an app's own old archives are its data). Undefined: all are whole.
 */
export async function checkDumps(
  toolbox: Toolbox,
  taken: BackupSnapshot,
  plan: BackupPlan,
): Promise<Cause | undefined> {
  return dumpCause(await dumpReports(toolbox, taken, plan))
}

/** Empty or broken: cause `backup-empty` with a line for each. */
export function dumpCause(reports: readonly DumpReport[]): Cause | undefined {
  const bad = reports.filter(({ problem }) => problem !== null)
  if (bad.length === 0) return undefined
  const lines = bad.map(({ volume, path, bytes, problem }) => `${volume}: ${path}: ${problem} (${bytes} bytes)`)
  return cause('backup-empty', lines[0] ?? 'a dump is empty', { lines })
}

/** Every dump that was found in the snapshot, whole or not. */
export async function dumpReports(toolbox: Toolbox, taken: BackupSnapshot, plan: BackupPlan): Promise<DumpReport[]> {
  const hooked = plan.hooks.some(({ phase }) => phase === 'backup.pre-hook')
  const reports: DumpReport[] = []
  for (const planned of plan.volumes) {
    const { volume, covered } = planned
    const named = await namedFiles(toolbox, taken, planned)
    // A snapshot of nothing but named files has no other place to look at.
    const onlyFiles = covered.kind === 'paths' && named.length === covered.paths.length
    const rest = covered.kind === 'none' || !hooked || onlyFiles ? [] : await freshDumps(toolbox, taken, volume)
    for (const path of [...new Set([...named, ...rest])].slice(0, MAX_DUMPS)) {
      reports.push(await reportOf(toolbox, taken, { volume, path }))
    }
  }
  return reports
}

async function namedFiles(toolbox: Toolbox, { id }: BackupSnapshot, planned: PlannedVolume): Promise<string[]> {
  if (planned.covered.kind !== 'paths') return []
  const nodes = await nodesIn(toolbox, id, targets(planned))
  return planned.covered.paths.filter((path) => nodes.get(`${VOLUMES_DIR}/${planned.volume}/${path}`)?.type === 'file')
}

/** From restic's own list; `mtime` there is RFC 3339. */
async function freshDumps(toolbox: Toolbox, { id, at }: BackupSnapshot, volume: string): Promise<string[]> {
  const filter = `restic ls --json --no-cache --recursive "$1" "$2" | grep -F '"type":"file"' | grep -iE '"name":"[^"]*\\.(sql|dump|pgdump|bak|backup|tar|tgz|gz|dmp)"' | head -n 500`
  const lines = await toolbox.run(['sh', '-c', filter, 'fresh', id, `${VOLUMES_DIR}/${volume}`], BOUNDS)
  return lines.split('\n').flatMap((line) => {
    if (line === '') return []
    const node = JSON.parse(line) as { path?: unknown; mtime?: unknown }
    if (typeof node.path !== 'string' || typeof node.mtime !== 'string' || !DUMP_NAME.test(node.path)) return []
    const age = at - Date.parse(node.mtime) / 1000
    return age < 900 && node.path.split('/').length < 8 ? [node.path.slice(`${VOLUMES_DIR}/${volume}/`.length)] : []
  })
}

/**
 * A larger file is not written anywhere: holes cost a recipe nothing (`truncate -s 200G`) and are written in full when they are unpacked. It is read through
 * once, for at most five minutes, and its beginning and end are looked at; those of a file of holes are blank.
 */
export const MOST_UNPACKED = 2 * 1024 ** 3

/**
 * Takes the file out of the snapshot into the toolbox and prints `kind bytes problem`; of one that is too large (`$3`, in bytes; else empty) its
 * beginning and end. End marks are those of pg_dump, pg_dumpall,
 * mysqldump and mariadb-dump; a custom-format pg_dump has no end mark, so only its head can be seen here.
 */
const LOOK = `f=$(mktemp -d)/dump || exit 1
trap 'rm -rf "$(dirname "$f")"' EXIT
if [ -n "$3" ]; then
  { timeout 300 restic dump --no-cache "$1" "$2" 2>/dev/null || : > "$f.cut"; } | { head -c 65536 > "$f"; tail -c 65536 >> "$f"; }
  size=$3
else
  restic dump --no-cache "$1" "$2" > "$f" || exit 1
  size=$(stat -c %s "$f")
fi
say() { printf '%s %s %s' "$1" "$size" "$2"; exit 0; }
sql() {
  case "$(head -c 65536 "$1" | tr -d '\\0')" in
    *'PostgreSQL database'*'dump'*) tail -c 65536 "$1" | grep -qaE 'PostgreSQL database (cluster )?dump complete' || say "$2" 'the SQL dump is cut off: its end mark is missing' ;;
    *'MySQL dump '*|*'MariaDB dump '*) tail -c 65536 "$1" | grep -qaF -- '-- Dump completed' || say "$2" 'the SQL dump is cut off: its end mark is missing' ;;
  esac
}
[ "$size" -gt 0 ] || say other 'the file is empty'
[ -n "$(head -c 65536 "$f" | tr -d '\\0 \\t\\r\\n' | head -c 1)" ] || say other 'the file holds nothing but blanks'
[ ! -e "$f.cut" ] || say other ''
[ -z "$3" ] || { sql "$f" other; say other ''; }
case "$(head -c 16 "$f" | od -An -tx1 | tr -d ' \\n')" in
  1f8b*)
    gzip -t < "$f" 2>/dev/null || say gzip 'gzip cannot read it to its end'
    [ "$(gzip -dc < "$f" | head -c 1 | wc -c)" -gt 0 ] || say gzip 'the compressed file holds nothing'
    gzip -dc < "$f" | head -c 65536 > "$f.head"; gzip -dc < "$f" | tail -c 65536 >> "$f.head"
    sql "$f.head" gzip
    say gzip '' ;;
  53514c69746520666f726d6174203300)
    [ "$(sqlite3 -safe -batch "$f" 'PRAGMA quick_check(1)' 2>&1)" = ok ] || say sqlite 'SQLite finds it damaged'
    say sqlite '' ;;
  5047444d50*) say pgdump '' ;;
esac
if [ "$(head -c 262 "$f" | tail -c 5 | tr -d '\\0')" = ustar ]; then
  tar -tf "$f" >/dev/null 2>&1 || say tar 'tar cannot read it to its end'
  say tar ''
fi
case "$2" in *.gz|*.tgz) say gzip 'the name says gzip, the content does not' ;; esac
sql "$f" sql
case "$2" in *.sql) say sql '' ;; *) say other '' ;; esac`

async function reportOf(
  toolbox: Toolbox,
  { id }: BackupSnapshot,
  { volume, path }: { volume: string; path: string },
): Promise<DumpReport> {
  const file = `${VOLUMES_DIR}/${volume}/${path}`
  const size = (await nodesIn(toolbox, id, [file])).get(file)?.size ?? 0
  const tooLarge = size > MOST_UNPACKED ? String(size) : ''
  const line = await toolbox.run(['sh', '-c', LOOK, 'look', id, file, tooLarge], {
    timeoutMs: 600_000,
  })
  const [kind = 'other', bytes = '0', ...words] = line.split(' ')
  return { volume, path, kind: kind as DumpReport['kind'], bytes: Number(bytes), problem: words.join(' ') || null }
}
