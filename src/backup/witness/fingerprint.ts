import { createHash } from 'node:crypto'

/** The shape of a database: what it holds, never the data itself. */
export interface Fingerprint {
  readonly tables: ReadonlyMap<string, TableShape>
}

export interface TableShape {
  /** Null: not counted (too slow, or not countable). */
  readonly rows: number | null
  /** `name type`, in any order. */
  readonly columns: readonly string[]
}

export interface Difference {
  readonly result: 'kept' | 'changed' | 'lost'
  readonly summary: string
}

/**
 * Tables that apps empty on their own: fewer rows there are no loss. By words of the name, so that `order_logs` counts and `catalogue`
 * does not.
 */
const VOLATILE =
  /(^|[._])(sessions?|tokens?|caches?|queues?|jobs?|locks?|logs?|logging|events?_processed|nonces?|otps?|mfas?|migrations?|schema_versions?|heartbeats?|presence|throttles?|rate_limits?)($|[._])/i

/**
 * Tells a migration from a loss. Loss: a table that had rows is gone (and no new table has taken its rows over), or a table has fewer rows
 * than before. Change: new tables, columns, rows; empty tables gone; fewer rows where apps tidy up by themselves.
 */
export function compareFingerprints(before: Fingerprint, after: Fingerprint): Difference {
  const added = [...after.tables.keys()].filter((name) => !before.tables.has(name))
  const losses: string[] = []
  const changes: string[] = added.length > 0 ? [`${added.length} new tables`] : []
  const heirs = new Set<string>()
  for (const [name, was] of before.tables) {
    const found = compareTable({ name, was, is: after.tables.get(name) }, { after, added, heirs })
    if (found) (found.lost ? losses : changes).push(found.text)
  }
  const size = `${before.tables.size} tables, ${rowsOf(before)} rows before; ${after.tables.size} tables, ${rowsOf(after)} rows after`
  if (losses.length > 0) return { result: 'lost', summary: `${list(losses)} (${size})` }
  return changes.length > 0
    ? { result: 'changed', summary: `${list(changes)} (${size})` }
    : { result: 'kept', summary: size }
}

interface Compared {
  readonly name: string
  readonly was: TableShape
  readonly is: TableShape | undefined
}

function compareTable(
  { name, was, is }: Compared,
  around: { after: Fingerprint; added: readonly string[]; heirs: Set<string> },
): { lost: boolean; text: string } | undefined {
  const quiet = VOLATILE.test(name)
  if (!is) {
    const heir = heirOf(was, around)
    if (heir) return { lost: false, text: `table ${name} became ${heir}` }
    const rows = was.rows ?? 0
    return { lost: rows > 0 && !quiet, text: `table ${name} is gone (had ${rows} rows)` }
  }
  if (was.rows !== null && is.rows !== null && is.rows < was.rows) {
    return { lost: !quiet, text: `table ${name} has ${is.rows} rows, had ${was.rows}` }
  }
  if (was.rows !== is.rows) return { lost: false, text: `table ${name}: ${was.rows ?? '?'} to ${is.rows ?? '?'} rows` }
  const columns = difference(was.columns, is.columns)
  return columns ? { lost: false, text: `table ${name}: ${columns}` } : undefined
}

/** A new table that holds at least as many rows and most of the columns: the old one under another name. Used once. */
function heirOf(
  was: TableShape,
  { after, added, heirs }: { after: Fingerprint; added: readonly string[]; heirs: Set<string> },
) {
  const names = was.columns.map(columnName)
  const heir = added.find((name) => {
    const table = after.tables.get(name)
    if (!table || heirs.has(name) || (table.rows ?? 0) < (was.rows ?? 0)) return false
    const has = new Set(table.columns.map(columnName))
    return names.filter((column) => has.has(column)).length * 2 > names.length
  })
  if (heir) heirs.add(heir)
  return heir
}

function difference(was: readonly string[], is: readonly string[]): string | undefined {
  const more = is.filter((column) => !was.includes(column)).length
  const less = was.filter((column) => !is.includes(column)).length
  return more + less === 0 ? undefined : `${more} new or changed columns, ${less} former ones`
}

/** A fingerprint in one line of evidence. */
export function describeFingerprint(fingerprint: Fingerprint): string {
  const shape = [...fingerprint.tables].sort(([a], [b]) => (a < b ? -1 : 1))
  const digest = createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16)
  return `${fingerprint.tables.size} tables, ${rowsOf(fingerprint)} rows, sha256:${digest}`
}

function rowsOf({ tables }: Fingerprint): number {
  return [...tables.values()].reduce((sum, { rows }) => sum + (rows ?? 0), 0)
}

function columnName(column: string): string {
  return column.slice(0, Math.max(0, column.lastIndexOf(' '))) || column
}

function list(parts: readonly string[]): string {
  return parts.length > 8 ? `${parts.slice(0, 8).join('; ')}; and ${parts.length - 8} more` : parts.join('; ')
}
