import { CELL_IDS, type CellId, cellName } from '../../history/attribution/contract.ts'
import type { AttributionRecord } from '../../history/attribution/record.ts'
import { VERDICTS } from '../../history/attribution/table.ts'

type Decision = NonNullable<AttributionRecord['decision']>
type Tier = Decision['tiers'][number]
type Reading = NonNullable<Tier['cells'][CellId]>

/** An attribution for a terminal: the answer, then tier by tier what every cell ended with, then what moved. */
export function attributionText(record: AttributionRecord): string {
  const { decision, recipe, id, runs } = record
  if (!decision) return `${recipe.name}: nothing is decided yet (${id})\n`
  const { tier, verdict, tiers } = decision
  const deciding = tiers.find((row) => row.tier === tier)
  return [
    `${recipe.name}: ${verdict}${tier === null ? '' : ` (${tier})`}${rateText(deciding)}`,
    `  ${VERDICTS[verdict]}`,
    ...endsText(record),
    '',
    ...tiers.filter(({ verdict }) => verdict !== 'unchanged').flatMap(tierText),
    ...unchangedText(tiers),
    ...recordedText(record, deciding),
    ...movedText('since the old result was recorded', decision.movedSince),
    ...movedText('while the cells were run; what ran before is left out', decision.movedMeanwhile),
    ...bisectionText(record),
    `  ${runs.length} runs of cells; ended: ${record.why ?? 'not yet'}; record ${id}`,
    '',
  ].join('\n')
}

export function endsText({ moved, tool, recipe }: AttributionRecord): string[] {
  const range = (ends: { old: string | null; new: string | null }) => `${short(ends.old)}..${short(ends.new)}`
  return [
    `  tool ${moved.includes('tool') ? range(tool) : `${short(tool.old)}, held`}`,
    `  ref  ${moved.includes('ref') ? range(recipe) : `${short(recipe.old)}, held`}`,
  ]
}

function tierText({ tier, verdict, because, cells, rate }: Tier): string[] {
  return [
    `  ${tier}: ${verdict}${verdict === 'flake' ? `, ${rate.failed} of ${rate.of} no pass` : ''}, because ${because}`,
    ...CELL_IDS.flatMap((cell) => {
      const reading = cells[cell]
      return reading ? [`    ${cellName(cell).padEnd(18)}  ${readingText(reading)}`] : []
    }),
  ]
}

function readingText({ kind, seen }: Reading): string {
  const words = seen.map(({ key, times }) => `${key} ×${times}`).join(', ')
  if (kind === 'stable') return words
  return words === '' ? UNSTEADY[kind] : `${words} (${UNSTEADY[kind]})`
}

/** Why a reading of a cell decides nothing by itself. */
export const UNSTEADY = {
  flaky: 'not steady',
  few: 'too few',
  infra: 'could not be judged',
  'not-run': 'not run, or blocked by an earlier tier',
} as const satisfies Record<Exclude<Reading['kind'], 'stable'>, string>

function unchangedText(tiers: readonly Tier[]): string[] {
  const same = tiers.filter(({ verdict }) => verdict === 'unchanged').map(({ tier }) => tier)
  return same.length > 0 ? [`  unchanged: ${same.join(', ')}`] : []
}

export function recordedText({ recorded }: AttributionRecord, deciding: Tier | undefined): string[] {
  if (!recorded) return ['  no earlier run of the old tool on the old ref is recorded: drift cannot be told']
  const how = {
    none: 'cannot be compared',
    same: 'ended alike',
    moved: 'ended otherwise',
    unexplained: 'ended otherwise',
  }
  return [`  recorded: run ${recorded.run} of ${recorded.finishedAt.slice(0, 10)} ${how[deciding?.recorded ?? 'none']}`]
}

export function movedText(when: string, moved: Decision['movedSince']): string[] {
  return moved.map(
    ({ what, before, after }) => `  moved ${when}: ${what} ${before.slice(0, 19)} -> ${after.slice(0, 19)}`,
  )
}

export function bisectionText({ bisection, lines }: AttributionRecord): string[] {
  if (!lines) return []
  if (!bisection) return ['  not searched: only a change of recipe or harness has a first bad commit']
  const { factor, found, tier } = bisection
  if (!found) return []
  const commits = found.from === found.to ? found.to : `one of ${found.from} to ${found.to}`
  return [`  first commit of the ${factor} with the new result of ${tier}: ${commits}`]
}

function rateText(deciding: Tier | undefined): string {
  return deciding?.verdict === 'flake'
    ? `, ${Math.round((100 * deciding.rate.failed) / deciding.rate.of)} % of ${deciding.rate.of}`
    : ''
}

function short(commit: string | null): string {
  return commit === null ? 'this build' : commit.slice(0, 12)
}
