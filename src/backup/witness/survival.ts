import type { Fingerprint, TableShape } from './fingerprint.ts'
import { MAX_ROWS, rowsOf } from './fingerprint.ts'
import { careOf } from './quiet-tables.ts'

/** What became of a database, in numbers. Rows are those of tables that could be counted. */
interface SurvivalCounts {
  readonly tables: number
  readonly rows: number
  /** Rows that should be there and are not: what makes the result `lost`. */
  readonly rowsLost: number
  readonly tablesLost: number
  /** Rows gone where apps tidy up by themselves. */
  readonly rowsTidied: number
  readonly newTables: number
  readonly formerTables: number
  readonly newColumns: number
  readonly formerColumns: number
  readonly newRows: number
  /** Of a database that was destroyed and restored: rows that were gone in between, and those of them that are there again. */
  readonly rowsDestroyed?: number
  readonly rowsBack?: number
}

export interface Survival {
  readonly result: 'kept' | 'changed' | 'lost'
  /** `12 tables, 0 rows lost, 3 new columns`; what is lost is named. */
  readonly summary: string
  readonly counts: SurvivalCounts
  /** One line for each table that is not as before, losses first; at most MAX_DETAILS. */
  readonly details: string[]
}

const MAX_DETAILS = 40
/** Losses that a summary names. */
const MAX_NAMED = 4

interface Found {
  readonly lost: boolean
  readonly text: string
  readonly counts: Partial<SurvivalCounts>
}

/**
 * Tells a migration from a loss (docs/decisions/0010). Loss: a table that had rows is gone, or has fewer, and no table like it has taken those
 * rows over. Change: new tables, columns, rows; empty tables gone; fewer rows where apps tidy up by themselves; what could not be counted.
 * `between`: what was in its place while it was destroyed. Then only rows that were gone in between are said to be back: what nobody
 * destroyed, or the app made again by itself, proves nothing about a backup.
 */
export function compareFingerprints(before: Fingerprint, after: Fingerprint, between?: Fingerprint): Survival {
  const heirs = new Heirs(before, after)
  const parents = between ? new Map<string, number>() : tidiedAway(before, after)
  const added = [...after.tables].filter(([name]) => !before.tables.has(name))
  const found = [...before.tables].flatMap(([name, was]) => {
    const is = after.tables.get(name)
    return is ? changesOf({ name, was, is }, { heirs, parents }) : goneOf({ name, was }, heirs, after.cut === true)
  })
  const fresh = added.map(([name, { rows }]) => ({
    lost: false,
    text: `table ${name} is new (${words(rows ?? 0, 'row')})`,
    counts: { newTables: 1 },
  }))
  return survivalOf([...found, ...fresh], { before, after, between })
}

interface Looks {
  readonly before: Fingerprint
  readonly after: Fingerprint
  readonly between?: Fingerprint
}

function survivalOf(found: readonly Found[], { before, after, between }: Looks): Survival {
  const sum = (key: keyof SurvivalCounts) => found.reduce((total, { counts }) => total + (counts[key] ?? 0), 0)
  const counts: SurvivalCounts = {
    tables: after.tables.size,
    rows: rowsOf(after),
    rowsLost: sum('rowsLost'),
    tablesLost: sum('tablesLost'),
    rowsTidied: sum('rowsTidied'),
    newTables: sum('newTables'),
    formerTables: sum('formerTables'),
    newColumns: sum('newColumns'),
    formerColumns: sum('formerColumns'),
    newRows: sum('newRows'),
    ...(between ? broughtBack(before, between, after) : {}),
  }
  const lost = found.filter((one) => one.lost).map(({ text }) => text)
  const lines = [...lost, ...found.filter((one) => !one.lost).map(({ text }) => text)]
  const more = lost.length > MAX_NAMED ? ` and ${lost.length - MAX_NAMED} more` : ''
  const named = lost.length > 0 ? `: ${lost.slice(0, MAX_NAMED).join('; ')}${more}` : ''
  const details =
    lines.length > MAX_DETAILS
      ? [...lines.slice(0, MAX_DETAILS - 1), `and ${lines.length - MAX_DETAILS + 1} more`]
      : lines
  return {
    result: lost.length > 0 ? 'lost' : found.length > 0 ? 'changed' : 'kept',
    summary: summaryOf(counts, before) + named,
    counts,
    details,
  }
}

function summaryOf(counts: SurvivalCounts, before: Fingerprint): string {
  const parts: [number, string, string?][] = [
    [counts.tablesLost, 'table lost', 'tables lost'],
    [counts.newTables, 'new table'],
    [counts.formerTables, 'former table'],
    [counts.newColumns, 'new column'],
    [counts.formerColumns, 'former column'],
    [counts.newRows, 'more row'],
    [counts.rowsTidied, 'row tidied away', 'rows tidied away'],
  ]
  const rest = parts.flatMap(([count, one, many]) => (count > 0 ? [words(count, one, many)] : []))
  return [words(before.tables.size, 'table'), rowsInWords(counts, before), ...rest].join(', ')
}

function rowsInWords({ rowsLost, rowsDestroyed, rowsBack }: SurvivalCounts, before: Fingerprint): string {
  if (rowsDestroyed === undefined) return words(rowsLost, 'row lost', 'rows lost')
  if (rowsDestroyed > 0) return `${rowsBack} of ${words(rowsDestroyed, 'destroyed row')} back`
  const rows = rowsOf(before)
  return rows === 0 ? 'no row to destroy' : `none of ${words(rows, 'row')} was missing before the restore`
}

function broughtBack(before: Fingerprint, between: Fingerprint, after: Fingerprint) {
  const rowsIn = (one: Fingerprint, table: string) => one.tables.get(table)?.rows ?? 0
  let [rowsDestroyed, rowsBack] = [0, 0]
  for (const [name, was] of before.tables) {
    const there = rowsIn(between, name)
    const gone = Math.max(0, (was.rows ?? 0) - there)
    rowsDestroyed += gone
    rowsBack += Math.min(gone, Math.max(0, rowsIn(after, name) - there))
  }
  return { rowsDestroyed, rowsBack }
}

function goneOf({ name, was }: { name: string; was: TableShape }, heirs: Heirs, cut: boolean): Found[] {
  const rows = was.rows ?? 0
  if (cut) return [{ lost: false, text: `table ${name} is not among those listed`, counts: {} }]
  const text = `table ${name} is gone (had ${was.rows === null ? 'rows that were not counted' : words(rows, 'row')})`
  if (rows === 0) return [{ lost: false, text, counts: { formerTables: 1 } }]
  const heir = heirs.take(was, rows, 'any')
  if (heir) return [{ lost: false, text: `table ${name} became ${heir}`, counts: { formerTables: 1 } }]
  return careOf(name) === 'volatile'
    ? [{ lost: false, text, counts: { formerTables: 1, rowsTidied: rows } }]
    : [{ lost: true, text, counts: { tablesLost: 1, rowsLost: rows } }]
}

interface Table {
  readonly name: string
  readonly was: TableShape
  readonly is: TableShape
}

/** Where rows may have gone, and with what they may have gone. */
interface Reasons {
  readonly heirs: Heirs
  /** As columns of other tables begin that point at its rows, such as `role`: how many rows the app tidied away there. */
  readonly parents: ReadonlyMap<string, number>
}

function changesOf(table: Table, reasons: Reasons): Found[] {
  return [...rowChanges(table, reasons), ...columnChanges(table)]
}

function rowChanges({ name, was, is }: Table, reasons: Reasons): Found[] {
  if (was.rows === is.rows) return []
  if (was.rows === null || is.rows === null) {
    const text = `table ${name}: ${count(was.rows)} rows before, ${count(is.rows)} after`
    return [{ lost: false, text, counts: {} }]
  }
  if (is.rows > was.rows) {
    const newRows = is.rows - was.rows
    return [{ lost: false, text: `table ${name}: ${words(newRows, 'more row')}`, counts: { newRows } }]
  }
  return [fewer({ name, was, is, missing: was.rows - is.rows }, reasons)]
}

function fewer({ name, was, is, missing }: Table & { missing: number }, { heirs, parents }: Reasons): Found {
  const text = `table ${name} has ${count(is.rows)} rows, had ${count(was.rows)}`
  const care = careOf(name)
  if (care === 'volatile' || (care === 'housekeeping' && is.rows !== 0))
    return { lost: false, text: `${text}: apps tidy up there`, counts: { rowsTidied: missing } }
  const heir = heirs.take(was, missing, 'new')
  if (heir) return { lost: false, text: `${text}: as many went to ${heir}`, counts: {} }
  const owners = [...columnsOf(was).keys()].flatMap((column) => parents.get(/^(.+)_id$/i.exec(column)?.[1] ?? '') ?? [])
  if (is.rows !== 0 && missing <= owners.reduce((sum, rows) => sum + rows, 0))
    return {
      lost: false,
      text: `${text}: they belonged to rows that the app tidied away`,
      counts: { rowsTidied: missing },
    }
  return { lost: true, text, counts: { rowsLost: missing } }
}

/**
 * Tables of the app's own housekeeping that have fewer rows: a new version without a built-in integration takes its key along. At most one row goes with each:
 * that a role is gone is no reason why all who had it are.
 */
function tidiedAway(before: Fingerprint, after: Fingerprint): Map<string, number> {
  const rows = [...before.tables].flatMap(([name, was]) => {
    const left = after.tables.get(name)?.rows ?? 0
    const missing = (was.rows ?? 0) - left
    const stem = /[^.]+$/.exec(name)?.[0].replace(/s$/i, '') ?? name
    return careOf(name) === 'housekeeping' && left > 0 && missing > 0 ? [[stem, missing] as const] : []
  })
  return new Map(rows)
}

function columnChanges({ name, was, is }: Table): Found[] {
  const [old, now] = [columnsOf(was), columnsOf(is)]
  const newColumns = [...now.keys()].filter((column) => !old.has(column)).length
  const formerColumns = [...old.keys()].filter((column) => !now.has(column)).length
  const retyped = [...now].filter(([column, type]) => old.has(column) && old.get(column) !== type).length
  const parts = [
    newColumns > 0 ? words(newColumns, 'new column') : '',
    formerColumns > 0 ? words(formerColumns, 'former column') : '',
    retyped > 0 ? `${words(retyped, 'column')} of another type` : '',
  ].filter((part) => part !== '')
  if (parts.length === 0) return []
  return [{ lost: false, text: `table ${name}: ${parts.join(', ')}`, counts: { newColumns, formerColumns } }]
}

interface Room {
  readonly name: string
  /** Rows beyond those of before that no other table has claimed. */
  rows: number
  readonly isNew: boolean
  readonly columns: ReadonlySet<string>
}

/**
 * Where rows may have gone: tables that have more rows than before (new ones: all of theirs) and most of the columns. Each row is given to
 * one former table only, so that one new table cannot explain two that are gone unless it holds the rows of both.
 */
class Heirs {
  readonly #rooms: Room[]

  constructor(before: Fingerprint, after: Fingerprint) {
    this.#rooms = [...after.tables].map(([name, table]) => {
      const was = before.tables.get(name)
      const rows = (table.rows ?? 0) - (was?.rows ?? 0)
      return { name, rows, isNew: was === undefined, columns: new Set(columnsOf(table).keys()) }
    })
  }

  /**
   * The tables that took these rows, in words, or undefined when not all of them can be found. `new`: only new tables count, because one
   * that merely grew while another shrank is no proof.
   */
  take(was: TableShape, rows: number, where: 'any' | 'new'): string | undefined {
    const columns = [...columnsOf(was).keys()]
    const shared = (room: Room) => columns.filter((column) => room.columns.has(column)).length
    const fits = this.#rooms
      .filter((room) => room.rows > 0 && (room.isNew || where === 'any') && shared(room) * 2 > columns.length)
      .sort((a, b) => Number(b.isNew) - Number(a.isNew) || shared(b) - shared(a) || b.rows - a.rows)
    const taken: [Room, number][] = []
    let missing = rows
    for (const room of fits) {
      if (missing === 0) break
      const part = Math.min(missing, room.rows)
      taken.push([room, part])
      missing -= part
    }
    if (missing > 0 || taken.length === 0) return undefined
    for (const [room, part] of taken) room.rows -= part
    return taken.map(([{ name }]) => name).join(' and ')
  }
}

/** Name to type. */
function columnsOf({ columns }: TableShape): Map<string, string> {
  return new Map(
    columns.map((column) => {
      const at = column.lastIndexOf(' ')
      return at === -1 ? [column, ''] : [column.slice(0, at), column.slice(at + 1)]
    }),
  )
}

function count(rows: number | null): string {
  return rows === null ? '?' : rows > MAX_ROWS ? `more than ${MAX_ROWS}` : String(rows)
}

function words(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`
}
