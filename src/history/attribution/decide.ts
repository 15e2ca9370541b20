import { InternalError } from '../../lib/errors.ts'
import { TIER_IDS } from '../../verdict/tiers.ts'
import { conditionDifferences, inEqualConditions, type MovedCondition } from './conditions.ts'
import { CELL_IDS, type CellId, type CellRun, cellsOf, type Draw, type Study, standsFor } from './contract.ts'
import { countEndings, matches, type Reading, readCell, type SampleRole } from './reading.ts'
import { isOwn, PLAN_TIER } from './signature.ts'
import { type AttributionRow, type AttributionVerdict, holds, ROWS, type Situation } from './table.ts'

/** What became of one tier. */
export interface TierAttribution {
  readonly tier: string
  readonly verdict: AttributionVerdict
  /** The row of the table that held. */
  readonly row: AttributionRow['id']
  readonly because: string
  /** Only cells that were run: of two things one may not have moved. */
  readonly cells: Readonly<Partial<Record<CellId, Reading>>>
  readonly recorded: Situation['recorded']
  /** Of all evidence, how much is no pass: the rate of a flake. */
  readonly rate: { readonly failed: number; readonly of: number }
  /** Whether another run might still change the verdict. */
  readonly open: boolean
}

/** All that the runs of a study say. */
export interface AttributionDecision {
  /** The tier that the answer is about; null where nothing was judged at all. */
  readonly tier: string | null
  readonly verdict: AttributionVerdict
  readonly tiers: readonly TierAttribution[]
  /** What moved while the cells were run. */
  readonly movedMeanwhile: readonly MovedCondition[]
  /** What moved since the old result was recorded. */
  readonly movedSince: readonly MovedCondition[]
}

export function decideAttribution(study: Study): AttributionDecision {
  const { runs, conditions, moved } = inEqualConditions(study.runs)
  const movedSince = study.recorded ? conditionDifferences(study.recorded.conditions, conditions) : []
  const tiers = tiersOf(study).map((tier) => decideTier(tier, { ...study, runs }, movedSince.length > 0))
  const headlineTier = headline(tiers)
  return {
    tier: headlineTier?.tier ?? null,
    verdict: headlineTier?.verdict ?? 'inconclusive',
    tiers,
    movedMeanwhile: moved,
    movedSince,
  }
}

/** The first tier that something definite can be said of, in the order of a life; lint, which decides no verdict, comes last. */
function headline(tiers: readonly TierAttribution[]): TierAttribution | undefined {
  const ordered = [...tiers.filter(({ tier }) => tier !== 'lint'), ...tiers.filter(({ tier }) => tier === 'lint')]
  return (
    ordered.find(({ verdict }) => verdict !== 'unchanged' && verdict !== 'inconclusive') ??
    ordered.find(({ verdict }) => verdict === 'inconclusive') ??
    ordered[0]
  )
}

/** Tiers that were judged, and not only found to be none of the recipe's; planning where it failed, or where nothing else is known. */
function tiersOf({ runs }: Study): string[] {
  const judged = new Set(
    runs.flatMap(({ tiers }) => Object.keys(tiers).filter((tier) => tiers[tier]?.some((draw) => isJudged(tier, draw)))),
  )
  return judged.size === 0 ? [PLAN_TIER] : [...judged].sort((a, b) => rank(a) - rank(b))
}

function isJudged(tier: string, { evidence, signature }: Draw): boolean {
  if (tier === PLAN_TIER) return evidence && signature?.status !== 'pass'
  return signature?.status !== 'skip'
}

function rank(tier: string): number {
  if (tier === PLAN_TIER) return -1
  const known: readonly string[] = TIER_IDS
  return known.includes(tier) ? known.indexOf(tier) : known.length
}

function decideTier(tier: string, study: Study, worldMoved: boolean): TierAttribution {
  const first = decideIn(study.moved.length === 2 ? 'paired' : 'alone', tier, study, worldMoved)
  // Of an interaction one cell ends as no other: it needs more than a cell that another agrees with.
  return first.verdict === 'interaction' ? decideIn('alone', tier, study, worldMoved) : first
}

function decideIn(company: SampleRole, tier: string, study: Study, worldMoved: boolean): TierAttribution {
  const { moved, runs } = study
  const own = cellsOf(moved)
  const read = (cell: CellId) =>
    readCell(
      runs.filter((run) => run.cell === cell).flatMap((run) => drawsOfTier(run, tier)),
      company,
    )
  const cells = Object.fromEntries(own.map((cell) => [cell, read(cell)])) as Partial<Record<CellId, Reading>>
  const all = Object.fromEntries(CELL_IDS.map((cell) => [cell, cells[standsFor(cell, moved)] as Reading])) as Record<
    CellId,
    Reading
  >
  const situation = situationOf(all, recordedOf(tier, study, all.OO, worldMoved))
  const held = attributionRow(situation)
  const readings = Object.values(cells)
  return {
    ...{ tier, verdict: held.verdict, row: held.id, because: held.because, cells },
    recorded: situation.recorded,
    rate: rateOf(readings),
    open: !isCertain(held, readings) && readings.some(({ open }) => open),
  }
}

/** A tier that a run does not tell of was not begun: the run was of no use, or an earlier tier was in its way. */
export function drawsOfTier({ tiers }: Pick<CellRun, 'tiers'>, tier: string): readonly Draw[] {
  const useless = tiers[PLAN_TIER]?.some(({ evidence }) => !evidence)
  return tiers[tier] ?? [{ evidence: false, because: useless ? 'unjudged' : 'blocked', signature: null }]
}

/** A flake stays one whatever else is seen; where an end cannot be judged at all, nothing more can be said. */
function isCertain({ verdict }: AttributionRow, readings: readonly Reading[]): boolean {
  if (verdict === 'flake') return true
  return verdict === 'inconclusive' && readings.some(({ kind }) => kind === 'infra')
}

export function attributionRow(situation: Situation): AttributionRow {
  const [held, second] = ROWS.filter((row) => holds(row, situation))
  if (held && !second) return held
  throw new InternalError(
    'attribution-undecided',
    `${held ? `the rows ${held.id} and ${second?.id} both hold` : 'no row holds'} of ${JSON.stringify(situation)}`,
  )
}

/** How the four readings stand to each other. */
export function situationOf(cells: Readonly<Record<CellId, Reading>>, recorded: Situation['recorded']): Situation {
  const { OO, NN } = cells
  const known = OO.kind === 'stable' && NN.kind === 'stable'
  const differ = known && !matches(OO.seen, NN.seen)
  return {
    OO: OO.kind,
    NN: NN.kind === 'stable' ? (OO.kind === 'stable' && !differ ? 'before' : 'after') : NN.kind,
    NO: middle(cells.NO, cells, differ),
    ON: middle(cells.ON, cells, differ),
    recorded,
    change: changeOf(OO, NN, differ),
  }
}

function middle(cell: Reading, { OO, NN }: Readonly<Record<CellId, Reading>>, differ: boolean): Situation['NO'] {
  if (cell.kind !== 'stable') return cell.kind
  const before = OO.kind === 'stable' && matches(cell.seen, OO.seen)
  const after = differ && matches(cell.seen, NN.seen)
  // A cell that shows the failures of both tells nothing of either.
  if (before && after) return 'other'
  return before ? 'before' : after ? 'after' : 'other'
}

function changeOf(OO: Reading, NN: Reading, differ: boolean): Situation['change'] {
  if (!differ) return 'none'
  if ([...OO.seen, ...NN.seen].some(({ signature }) => isOwn(signature))) return 'own'
  return OO.seen.some(({ key }) => key === 'pass') ? 'broke' : 'altered'
}

/** One recorded draw against what the cell shows now; a cell that is not steady cannot be told from it. */
function recordedOf(
  tier: string,
  { recorded }: Study,
  { kind, seen }: Reading,
  worldMoved: boolean,
): Situation['recorded'] {
  const [draw] = recorded?.tiers[tier]?.filter(({ evidence }) => evidence) ?? []
  if (!draw?.evidence || kind !== 'stable') return 'none'
  if (matches(seen, countEndings([draw]))) return 'same'
  return worldMoved ? 'moved' : 'unexplained'
}

function rateOf(readings: readonly Reading[]): { failed: number; of: number } {
  const seen = readings.flatMap((reading) => reading.seen)
  const count = (chosen: typeof seen) => chosen.reduce((sum, { times }) => sum + times, 0)
  return { failed: count(seen.filter(({ key }) => key !== 'pass')), of: count(seen) }
}
