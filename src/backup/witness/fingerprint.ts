import { createHash } from 'node:crypto'
import { z } from 'zod'

/** Rows of one table are counted up to here, so that a large one takes no minutes; see `rows`. */
export const MAX_ROWS = 1_000_000

/** The shape of a database: what it holds, never the data itself. */
export interface Fingerprint {
  readonly tables: ReadonlyMap<string, TableShape>
  /** True: there are more tables than were listed, so one that is not listed need not be gone. */
  readonly cut?: boolean
}

export interface TableShape {
  /** Exact up to MAX_ROWS; MAX_ROWS + 1 stands for "more". Null: not counted (too slow, or not countable). */
  readonly rows: number | null
  /** `name type`, in any order; there is no blank in a type. */
  readonly columns: readonly string[]
}

const line = z.union([
  z.tuple([z.literal('column'), z.string(), z.string()]),
  z.tuple([z.literal('rows'), z.string(), z.number()]),
])

/** Lines `["column","schema.table","name type"]` and `["rows","schema.table",7]` as a fingerprint. Lines that are none are left out. */
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

/** A fingerprint in one line of evidence. */
export function describeFingerprint(fingerprint: Fingerprint): string {
  const shape = [...fingerprint.tables].sort(([a], [b]) => (a < b ? -1 : 1))
  const digest = createHash('sha256').update(JSON.stringify(shape)).digest('hex').slice(0, 16)
  const [tables, rows] = [fingerprint.tables.size, rowsOf(fingerprint)]
  return `${tables} table${tables === 1 ? '' : 's'}, ${rows} row${rows === 1 ? '' : 's'}, sha256:${digest}`
}

/** Rows of all tables that were counted. */
export function rowsOf({ tables }: Fingerprint): number {
  return [...tables.values()].reduce((sum, { rows }) => sum + (rows ?? 0), 0)
}
