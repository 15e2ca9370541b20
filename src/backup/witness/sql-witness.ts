import { CcCiError } from '../../lib/errors.ts'
import { randomId } from '../../lib/ids.ts'
import type { Witness, WitnessContext, WitnessRow } from './contract.ts'
import { describeFingerprint, type Fingerprint } from './fingerprint.ts'
import { notCoveredReason } from './server.ts'
import { compareFingerprints, type Survival } from './survival.ts'

/** One look into a database server. */
export interface DatabaseState {
  readonly fingerprint: Fingerprint
  /** What the marker in the app's own database holds, or null where there is none. */
  readonly marker: string | null
  /** Of the other databases that hold one: name to what it holds. */
  readonly others: ReadonlyMap<string, string>
  /** Other databases that this look was not allowed to see, though an earlier one did. */
  readonly hidden: readonly string[]
  /** For the summary: what this look could not see, where that matters. */
  readonly note?: string
}

/** What PostgreSQL and MariaDB/MySQL do differently. One object for each watched server: it may remember where it planted. */
export interface SqlDialect {
  readonly kind: WitnessRow['kind']
  look(around: WitnessContext): Promise<DatabaseState>
  /**
   * Puts a marker into the app's own database and into each other one that has tables; one that takes none is left out. Replaces those that are
   * there. `value`: letters and digits. Resolves to the names of the others.
   */
  plant(value: string, around: WitnessContext): Promise<readonly string[]>
  /** Removes all markers; nothing where there is none. */
  drop(around: WitnessContext): Promise<void>
}

/**
 * A row in a table of our own inside each database, so that the app's dumps carry it; beside it the fingerprint of all other tables. A server that
 * is started as new fills its databases as it did the first time: the row alone tells whether one is the former one.
 */
export function sqlWitness(
  service: string,
  dialect: SqlDialect,
  { plan, model }: Pick<WitnessContext, 'plan' | 'model'>,
): Witness {
  const { kind } = dialect
  const subject = `${kind}:${service}`
  const value = randomId(24)
  let before: Fingerprint | undefined
  let destroyed: string | undefined
  /** What was there after everything else was destroyed too. */
  let between: Fingerprint | undefined
  /** Databases beside the app's own that hold a marker. */
  let others: readonly string[] = []
  const excluded = notCoveredReason(service, plan, model)
  const inWords = (marker: string | null) =>
    marker === null ? 'no marker row' : marker === value ? 'marker row' : 'another marker row'
  return {
    subject,
    kind,
    excluded,
    async plant(around) {
      before = (await dialect.look(around)).fingerprint
      others = await dialect.plant(value, around)
    },
    async compare(around): Promise<WitnessRow> {
      const now = await dialect.look(around)
      const marker = inWords(now.marker)
      const was = before ?? now.fingerprint
      const { result, summary, counts, details } = compareFingerprints(was, now.fingerprint, between)
      const back = now.marker === value
      const missing = others.filter((name) => now.others.get(name) !== value && !now.hidden.includes(name))
      const isComplete = back && missing.length === 0
      const notes = now.note ? [now.note] : []
      const isLost = !isComplete || result === 'lost'
      return {
        subject,
        kind,
        result: isComplete ? result : 'lost',
        ...(isLost && destroyed !== undefined ? { loss: back ? 'not-covered' : 'not-restored' } : {}),
        before: `marker row; ${describeFingerprint(was)}`,
        ...(destroyed === undefined ? {} : { destroyed }),
        after: `${marker}; ${describeFingerprint(now.fingerprint)}`,
        summary: isComplete
          ? summary
          : withoutMarker({ summary, counts, missing: back ? missing : null, isNew: destroyed === undefined }),
        counts,
        details: [...notes, ...details],
      }
    },
    note: async () => undefined,
    async afterLoss(around) {
      if (!before) return
      const look = await lookIfReadable(dialect, around)
      between = look?.fingerprint ?? { tables: new Map() }
      const spared = look !== null && (look.marker === value || [...look.others.values()].includes(value))
      if (spared && excluded === null) await dialect.drop(around)
      const marker = spared && excluded === null ? null : (look?.marker ?? null)
      destroyed = look ? `${inWords(marker)}; ${describeFingerprint(between)}` : 'nothing that could be read'
    },
    async destroy(around) {
      if (!before) return
      await dialect.drop(around)
      destroyed = inWords((await dialect.look(around)).marker)
    },
    async remove(around) {
      if (!before) return
      await dialect.drop(around)
      before = undefined
    },
  }
}

/** A server that was started on empty files may lack the database that its client asks for first. */
async function lookIfReadable(dialect: SqlDialect, around: WitnessContext): Promise<DatabaseState | null> {
  try {
    return await dialect.look(around)
  } catch (error) {
    if (error instanceof CcCiError && error.code === 'data-unreadable') return null
    throw error
  }
}

interface Missing extends Pick<Survival, 'summary' | 'counts'> {
  /** The other databases without their row; null: the app's own has none. */
  readonly missing: readonly string[] | null
  /** Nobody took the row away: tables that are all there with all their rows are not the former ones then, the app has made them again. */
  readonly isNew: boolean
}

function withoutMarker({ summary, counts, missing, isNew }: Missing): string {
  // Rows that nobody destroyed, and rows that were made again, are not worth telling as kept.
  const untold = counts.rowsLost === 0 && counts.rowsDestroyed === undefined
  const rest = untold ? '' : `; ${summary}`
  if (missing === null) {
    const made = `the app made its ${counts.tables} tables with ${counts.rows} rows again`
    return isNew && untold
      ? `the whole database is new: the planted row is missing, and ${made}`
      : `the planted row is missing${rest}`
  }
  const names = `the database${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`
  return `${names} did not ${isNew ? 'survive' : 'come back'}: the row planted there is missing${rest}`
}
