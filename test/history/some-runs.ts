import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunSummary, summaryOf } from '../../src/history/run-summary.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import { type Cause, cause } from '../../src/verdict/causes.ts'
import type { EventDraft, RunEvent, RunHeader } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import type { Results } from '../../src/verdict/results.ts'
import type { TierId } from '../../src/verdict/tiers.ts'
import { HEAD, HEADER, passingDrafts, stamped } from '../verdict/passing-stream.ts'
import { twice } from '../verdict/two-attempts.ts'

export const BEFORE = '20261120-101500-aaaaaa'
export const AFTER = '20261121-101500-bbbbbb'

export interface Made {
  readonly id?: string
  readonly header?: Partial<RunHeader>
  /** Tiers that fail, each with its cause. */
  readonly fails?: Partial<Record<TierId, Cause>>
  /** More events, before the end. */
  readonly more?: readonly EventDraft[]
  /** ISO 8601. Default: as the id says. */
  readonly startedAt?: string
}

/** Results of a run that passed whole, but for what is said. */
export function results({
  id = BEFORE,
  header = {},
  fails = {},
  more = [],
  startedAt = timeOf(id),
}: Made = {}): Results {
  const instead = Object.fromEntries(Object.entries(fails).map(([tier, why]) => [tier, failing(tier as TierId, why)]))
  const drafts = passingDrafts(instead, { evidenceSchema: 1, run: { ...HEADER.run, id }, ...header })
  const whole = deploying(header.recipe?.commit ?? HEAD, [...drafts.slice(0, -1), ...more, ...drafts.slice(-1)])
  return fold(begunAt(startedAt, stamped(whole)))
}

/** Results of a run whose first attempt ended so, and whose second one passed, but for what is said. */
export function flakyResults(
  { id = BEFORE, header = {}, startedAt = timeOf(id) }: Omit<Made, 'fails' | 'more'>,
  first: Parameters<typeof twice>[0],
  second: Parameters<typeof twice>[1] = {},
): Results {
  const events = twice(first, second, { evidenceSchema: 1, ...header, run: { ...HEADER.run, id } })
  return fold(begunAt(startedAt, deploying(header.recipe?.commit ?? HEAD, events)))
}

function begunAt(startedAt: string, events: readonly RunEvent[]): RunEvent[] {
  const shift = Date.parse(startedAt) - Date.parse(events[0]?.at ?? '')
  return events.map((event) => ({ ...event, at: new Date(Date.parse(event.at) + shift).toISOString() }))
}

/** The same stream of another head: its evidence names what was deployed. */
export function deploying<E extends EventDraft>(commit: string, drafts: readonly E[]): E[] {
  const text = JSON.stringify(drafts)
  return JSON.parse(text.replaceAll(HEAD, commit).replaceAll(HEAD.slice(0, 8), commit.slice(0, 8))) as E[]
}

export const summary = (made: Made = {}): RunSummary => summaryOf(results(made))

/** Writes what a run of these results leaves of itself, as far as the memory of runs reads it. */
export function keep(state: string, made: Results, logs: Readonly<Record<string, string>> = {}): void {
  const folder = runFolder(state, made.run.id)
  mkdirSync(folder.logs, { recursive: true })
  writeFileSync(folder.results, JSON.stringify(made))
  for (const [name, text] of Object.entries(logs)) writeFileSync(join(folder.logs, name), text)
}

export const crash = cause('crash-loop', 'app ended 3 times', { service: 'app' })

function failing(tier: TierId, why: Cause): EventDraft[] {
  return [
    { type: 'tier.started', tier },
    { type: 'check', tier, id: 'converged', name: 'converges', outcome: 'fail', cause: why },
    { type: 'tier.ended', tier },
  ]
}

function timeOf(id: string): string {
  return id.slice(0, 15).replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6.000Z')
}
