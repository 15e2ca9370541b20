import type { RealApp } from '../../../fixtures/apps/app.ts'
import type { Evidence } from '../../../src/verdict/evidence.ts'
import type { Results, TierResult } from '../../../src/verdict/results.ts'
import { TIER_IDS, TIERS, type TierId } from '../../../src/verdict/tiers.ts'

type Witness = Extract<Extract<Evidence, { kind: 'witness' }>, { witnesses: unknown }>['witnesses'][number]

/** Both must have seen each name of the data. */
const WATCHED = ['upgrade', 'restore'] as const

/**
 * What a run that passed does not prove of the app, a line each: its level, each tier, each test by name, and the data over upgrade and restore. The verdict
 * alone says none of these.
 */
export function unproven(app: RealApp, results: Results): string[] {
  return [...levelOf(app, results), ...tiersOf(app, results), ...testsOf(app, results), ...dataOf(app, results)]
}

/** For a reader: what was seen of one name of the data after an upgrade and a restore. */
export function seenOf(subject: string, results: Results): string {
  const parts = WATCHED.flatMap((tier) => {
    const rows = witnessesOf(tierOf(results, tier)).filter((row) => row.subject === subject)
    const said = rows.map(({ summary }) => summary).join(', ')
    return said === '' ? [] : [`after ${tier}: ${said}`]
  })
  return parts.join('; ')
}

function levelOf({ without = [] }: RealApp, { level }: Results): string[] {
  const expected = without.includes('resilience') ? 5 : 6
  return level === expected ? [] : [`level: expected ${expected}, found ${level}`]
}

function tiersOf({ without = [] }: RealApp, results: Results): string[] {
  return TIER_IDS.filter((id) => !TIERS[id].byRequest).flatMap((id) => {
    const expected = without.includes(id) ? 'skip' : 'pass'
    const { status = 'missing', reason = '' } = tierOf(results, id) ?? {}
    return status === expected ? [] : [`${id}: expected ${expected}, found ${status} (${reason})`]
  })
}

function testsOf({ tests }: RealApp, results: Results): string[] {
  return (Object.entries(tests) as [TierId, readonly string[]][]).flatMap(([tier, titles]) => {
    const ran = tierOf(results, tier)?.tests ?? []
    return titles.flatMap((title) => {
      const status = ran.find((test) => test.title === title)?.status ?? 'not run'
      return status === 'passed' ? [] : [`${tier}: the test "${title}": expected passed, found ${status}`]
    })
  })
}

function dataOf({ data }: RealApp, results: Results): string[] {
  return data.flatMap((subject) =>
    WATCHED.flatMap((tier) => {
      const result = tierOf(results, tier)
      const rows = witnessesOf(result).filter((row) => row.subject === subject)
      if (rows.length === 0) return [`${tier}: nobody watched ${subject}`]
      const bad = rows.filter((row) => row.result !== 'kept' && row.result !== 'changed')
      const lost = bad.map((row) => `${tier}: ${subject} is ${row.result}: ${row.summary}`)
      const proofs =
        tier === 'upgrade'
          ? rows.flatMap(emptyDatabase)
          : [...rows.flatMap(notDestroyed), ...notEmptied(subject, result)]
      return [...lost, ...proofs.map((why) => `${tier}: ${subject}: ${why}`)]
    }),
  )
}

function emptyDatabase({ counts }: Witness): string[] {
  return counts && counts.rows === 0 ? ['no row that could have been lost'] : []
}

/** Rows that were there all the time do not prove that a backup holds them. */
function notDestroyed({ counts }: Witness): string[] {
  if (!counts) return []
  const { rowsDestroyed = 0, rowsBack = 0 } = counts
  if (rowsDestroyed === 0) return ['no row was destroyed before it']
  return rowsBack === rowsDestroyed ? [] : [`${rowsBack} of ${rowsDestroyed} destroyed rows are back`]
}

/** A volume that still had its files proves nothing either. */
function notEmptied(subject: string, result: TierResult | undefined): string[] {
  const [, volume] = /^volume:([^/]+)$/.exec(subject) ?? []
  if (volume === undefined) return []
  const restored = result?.evidence.find((piece) => piece.kind === 'restored')
  const emptied = restored?.emptied?.find((one) => one.volume === volume)
  if (!emptied) return ['it was not emptied before the restore']
  return emptied.before > 0 && emptied.after > 0
    ? []
    : [`${emptied.before} files before it was emptied, ${emptied.after} after the restore`]
}

function tierOf({ tiers }: Results, id: TierId): TierResult | undefined {
  return tiers.find((tier) => tier.id === id)
}

function witnessesOf(result: TierResult | undefined): readonly Witness[] {
  return (result?.evidence ?? []).flatMap((piece) =>
    piece.kind === 'witness' && 'witnesses' in piece ? piece.witnesses : [],
  )
}
