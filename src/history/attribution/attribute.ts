import type { Clock } from '../../lib/async/clock.ts'
import { newRunId } from '../../lib/ids.ts'
import { type ProbeResult, searchState } from './bisect.ts'
import type { CellOutcome } from './cell-run.ts'
import { inEqualConditions } from './conditions.ts'
import { type CellId, type CellRun, cellName, endsOf, type Factor, type Study, standsFor } from './contract.ts'
import { type AttributionDecision, decideAttribution, drawsOfTier } from './decide.ts'
import { matches, readCell } from './reading.ts'
import type { AttributionRecord, AttributionRun, Bisection } from './record.ts'
import { nextRun } from './schedule.ts'
import type { ToolBuild } from './tool-build.ts'

/** One combination that is run: a cell, or a commit of a search. */
export interface CombinationOrder {
  readonly tool: string | null
  readonly ref: string
}

/** What the driver needs of the world. */
export interface Laboratory {
  readonly clock: Clock
  /** Puts the record on disk, whole. */
  readonly save: (record: AttributionRecord) => Promise<void>
  readonly build: (tool: string | null) => Promise<ToolBuild>
  readonly run: (order: CombinationOrder & { readonly build: ToolBuild; readonly run: string }) => Promise<CellOutcome>
  readonly report: (step: AttributionStep) => void
}

export type AttributionStep =
  | {
      readonly step: 'run'
      readonly number: number
      readonly atMost: number
      readonly what: string
      readonly order: CombinationOrder
      readonly why: string
    }
  | { readonly step: 'ran'; readonly run: AttributionRun; readonly durationMs: number }
  | { readonly step: 'decided'; readonly decision: AttributionDecision }
  | { readonly step: 'searching'; readonly factor: Factor; readonly commits: number }

/**
 * Runs cells until the table of verdicts is sure of every tier, or a bound is met, and then searches for the first bad commit where that is wanted. The record is
 * saved before and after each run, so that whoever is killed continues where the record ends.
 */
export async function attribute(begun: AttributionRecord, lab: Laboratory): Promise<AttributionRecord> {
  let record = begun
  for (let next = nextRun(studyOf(record)); next; next = nextRun(studyOf(record))) {
    const bound = boundMet(record)
    if (bound !== null) return end(record, lab, bound)
    const { cell, tiers } = next
    const why = tiers.length > 0 ? `undecided: ${tiers.join(', ')}` : 'a first look'
    const what = cellName(cell)
    const made = await makeRun(record, lab, { order: orderOf(record, cell), what, why })
    record = await save(lab, { ...made.record, runs: [...record.runs, { ...made.run, cell }], current: null })
  }
  const decision = decideAttribution(studyOf(record))
  lab.report({ step: 'decided', decision })
  record = await save(lab, { ...record, decision })
  if (!record.lines) return end(record, lab, 'decided')
  const searched = await search(record, lab, decision)
  return end(searched.record, lab, searched.bound ?? 'decided')
}

function studyOf({ moved, runs, recorded }: AttributionRecord): Study {
  return { moved, runs, recorded }
}

/** Runs made so far, those of a search included. */
export function countRuns({ runs, bisection }: AttributionRecord): number {
  return runs.length + (bisection?.probes.reduce((sum, probe) => sum + probe.runs.length, 0) ?? 0)
}

function boundMet(record: AttributionRecord): string | null {
  const { bounds, spentMs } = record
  if (countRuns(record) >= bounds.runs) return `the bound of ${bounds.runs} runs (--runs)`
  return spentMs >= bounds.deadlineMs ? 'the deadline (--deadline)' : null
}

async function end(record: AttributionRecord, lab: Laboratory, why: string): Promise<AttributionRecord> {
  return save(lab, { ...record, decision: decideAttribution(studyOf(record)), status: 'ended', why })
}

async function save(lab: Laboratory, record: AttributionRecord): Promise<AttributionRecord> {
  await lab.save(record)
  return record
}

interface Wanted {
  readonly order: CombinationOrder
  readonly what: string
  readonly why: string
}

/** One run, announced in the record before it begins. */
async function makeRun(
  record: AttributionRecord,
  lab: Laboratory,
  { order, what, why }: Wanted,
): Promise<{ record: AttributionRecord; run: AttributionRun }> {
  const build = await lab.build(order.tool)
  const startedAt = lab.clock.now()
  const run = newRunId(startedAt)
  lab.report({ step: 'run', number: countRuns(record) + 1, atMost: record.bounds.runs, what, order, why })
  await lab.save({ ...record, current: { run, state: build.state, checkout: build.checkout } })
  const { exitCode, trouble, tiers, conditions } = await lab.run({ ...order, build, run })
  const finishedAt = lab.clock.now()
  const times = { startedAt: new Date(startedAt).toISOString(), finishedAt: new Date(finishedAt).toISOString() }
  const made: AttributionRun = { run, state: build.state, ...order, ...times, exitCode, trouble, tiers, conditions }
  lab.report({ step: 'ran', run: made, durationMs: finishedAt - startedAt })
  return { record: { ...record, spentMs: record.spentMs + finishedAt - startedAt }, run: made }
}

function orderOf({ tool, recipe }: AttributionRecord, cell: CellId): CombinationOrder {
  const ends = endsOf(cell)
  return { tool: tool[ends.tool], ref: recipe[ends.ref] }
}

/** Searches the commits of what made the difference, with the rule that found the difference. */
async function search(
  start: AttributionRecord,
  lab: Laboratory,
  { verdict, tier }: AttributionDecision,
): Promise<{ record: AttributionRecord; bound: string | null }> {
  const factor = verdict === 'recipe' ? 'ref' : verdict === 'harness' ? 'tool' : null
  const commits = factor === null ? null : (start.lines?.[factor] ?? null)
  if (factor === null || tier === null || commits === null) return { record: start, bound: null }
  let record: AttributionRecord = { ...start, bisection: start.bisection ?? { factor, tier, probes: [], found: null } }
  lab.report({ step: 'searching', factor, commits: commits.length - 2 })
  for (;;) {
    const bisection = record.bisection as Bisection
    const known = new Map(bisection.probes.flatMap(({ position, result }) => (result ? [[position, result]] : [])))
    const { next, from, to } = searchState(commits.length - 1, known)
    const bound = next === null ? null : boundMet(record)
    if (next === null || bound !== null) {
      const found = { from: commits[from] as string, to: commits[to] as string }
      return { record: await save(lab, { ...record, bisection: { ...bisection, found } }), bound }
    }
    record = await lookAt(record, lab, { position: next, commit: commits[next] as string })
  }
}

/** One more run of a commit, and what it is found to be as soon as that is sure. */
async function lookAt(
  record: AttributionRecord,
  lab: Laboratory,
  { position, commit }: { readonly position: number; readonly commit: string },
): Promise<AttributionRecord> {
  const { factor, tier, probes } = record.bisection as Bisection
  const order = factor === 'ref' ? { tool: record.tool.new, ref: commit } : { tool: commit, ref: record.recipe.new }
  const what = `${factor} ${commit.slice(0, 12)}`
  const made = await makeRun(record, lab, { order, what, why: 'is it as the old end, or as the new one' })
  const runs = [...(probes.find((probe) => probe.position === position)?.runs ?? []), made.run]
  const result = probeResult(studyOf(record), { runs, factor, tier })
  const others = probes.filter((probe) => probe.position !== position)
  const bisection = { factor, tier, probes: [...others, { position, runs, result }], found: null }
  return save(lab, { ...made.record, bisection, current: null })
}

interface Probe {
  readonly runs: readonly Omit<CellRun, 'cell'>[]
  readonly factor: Factor
  readonly tier: string
}

/** What the runs of a commit between say of it, beside the two cells between which it lies; null: too little yet. */
function probeResult(study: Study, { runs, factor, tier }: Probe): ProbeResult | null {
  const old = standsFor(factor === 'ref' ? 'NO' : 'ON', study.moved)
  const all = inEqualConditions([...study.runs, ...runs.map((run) => ({ ...run, cell: null }))]).runs
  const read = (cell: CellId | null) =>
    readCell(
      all.filter((run) => run.cell === cell).flatMap((run) => drawsOfTier(run, tier)),
      study.moved.length === 2 ? 'paired' : 'alone',
    )
  const seen = read(null)
  if (seen.open) return null
  const [good, bad] = [matches(seen.seen, read(old).seen), matches(seen.seen, read('NN').seen)]
  if (seen.kind !== 'stable' || good === bad) return 'unclear'
  return good ? 'good' : 'bad'
}
