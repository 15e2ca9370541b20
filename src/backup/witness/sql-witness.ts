import { randomId } from '../../lib/ids.ts'
import type { Surroundings, Witness, WitnessRow } from './contract.ts'
import { describeFingerprint, type Fingerprint } from './fingerprint.ts'
import { notPromised } from './server.ts'
import { compareFingerprints } from './survival.ts'

/** One look into a database server. */
export interface SqlLook {
  readonly fingerprint: Fingerprint
  /** What the marker holds, or null where there is none. */
  readonly marker: string | null
  /** For the summary: what this look could not see, where that matters. */
  readonly note?: string
}

/** What PostgreSQL and MariaDB/MySQL do differently. One object for each watched server: it may remember where it planted. */
export interface SqlDialect {
  readonly kind: WitnessRow['kind']
  look(around: Surroundings): Promise<SqlLook>
  /** Replaces a marker that is there. `value`: letters and digits. */
  plant(value: string, around: Surroundings): Promise<void>
  /** Removes the marker; nothing where there is none. */
  drop(around: Surroundings): Promise<void>
}

/**
 * A row in a table of our own inside the app's database, so that the app's dump carries it; beside it the fingerprint of all other
 * tables.
 */
export function sqlWitness(
  service: string,
  dialect: SqlDialect,
  { plan, model }: Pick<Surroundings, 'plan' | 'model'>,
): Witness {
  const { kind } = dialect
  const subject = `${kind}:${service}`
  const value = randomId(24)
  let before: Fingerprint | undefined
  let destroyed: string | undefined
  const inWords = (marker: string | null) =>
    marker === null ? 'no marker row' : marker === value ? 'marker row' : 'another marker row'
  return {
    subject,
    kind,
    excluded: notPromised(service, plan, model),
    async plant(around) {
      before = (await dialect.look(around)).fingerprint
      await dialect.plant(value, around)
    },
    async compare(around): Promise<WitnessRow> {
      const now = await dialect.look(around)
      const marker = inWords(now.marker)
      const was = before ?? now.fingerprint
      const { result, summary, counts, details } = compareFingerprints(was, now.fingerprint)
      const kept = now.marker === value
      const notes = now.note ? [now.note] : []
      return {
        subject,
        kind,
        result: kept ? result : 'lost',
        before: `marker row; ${describeFingerprint(was)}`,
        ...(destroyed === undefined ? {} : { destroyed }),
        after: `${marker}; ${describeFingerprint(now.fingerprint)}`,
        summary: kept ? summary : `the planted row is missing; ${summary}`,
        counts,
        details: [...notes, ...details],
      }
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
