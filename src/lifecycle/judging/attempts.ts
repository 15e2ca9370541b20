import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { debugLog } from '../../lib/debug.ts'
import { messageOf } from '../../lib/errors.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import type { EventLog } from '../../verdict/event-log.ts'
import { finding } from '../../verdict/findings.ts'
import { fold } from '../../verdict/fold.ts'
import { repetitionOf } from '../../verdict/repetition.ts'
import type { RunFolder } from '../run-folder.ts'

/** One life of the app: what judges it and what ends it. */
export interface Attempt {
  /** Runs every tier but the teardown. Never throws for what a tier finds; a stop is an event of the stream. */
  judge(): Promise<void>
  /** Takes everything down with proof, as the tier `teardown`. */
  takeDown(): Promise<void>
}

export interface Attempts {
  readonly events: EventLog
  readonly first: Attempt
  /** Sets the second attempt up; called when nothing is left of the first. */
  readonly second: () => Promise<Attempt>
  /** Milliseconds since the run began. */
  readonly elapsedMs: () => number
  /** Of the whole run. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Records that the run was stopped. */
  readonly stopped: () => void
  /** Why this run is not repeated whatever it ends with; null: it may be. */
  readonly never: string | null
  /** In place of the last teardown, for an app that is to stay. */
  readonly leave: (() => Promise<void>) | null
}

const debug = debugLog('run')

/**
 * Judges the app, and where the outcome may be chance takes it down and judges it once more from the start. Nothing is repeated silently:
 * the stream has both attempts, or says why there was no second one.
 */
export async function runAttempts(run: Attempts): Promise<void> {
  const { events, first, signal } = run
  await first.judge()
  const tookMs = run.elapsedMs()
  const { because, hindrance } = considered(run, tookMs)
  debug('attempt judged', { tookMs, because, hindrance })
  if (because === null || hindrance !== null) {
    if (hindrance !== null) sayNotRepeated(events, hindrance)
    return run.leave ? run.leave() : first.takeDown()
  }
  await first.takeDown()
  if (signal.aborted) return run.stopped()
  const second = await secondOf(run, tookMs)
  if (typeof second === 'string') return sayNotRepeated(events, `${because}: ${second}`)
  events.append({ type: 'attempt.started', attempt: 2, because })
  await second.judge()
  await second.takeDown()
}

/** What a second attempt may end otherwise, null where nothing of it matters; and what stands against one. */
function considered(run: Attempts, tookMs: number): { because: string | null; hindrance: string | null } {
  const events = run.events.all()
  const { tiers, run: facts } = fold(events)
  if (run.signal.aborted || facts.interrupted) return { because: null, hindrance: null }
  const repetition = repetitionOf(tiers, events.find((event) => event.type === 'run.started') ?? {})
  if (!repetition.repeat) return { because: null, hindrance: repetition.why }
  const { because } = repetition
  const hindrance = run.never ?? lacksTime(run, tookMs)
  return { because, hindrance: hindrance === null ? null : `${because}: ${hindrance}` }
}

/** The second attempt, or why there is none: nothing is deployed where something is left, or where the engine is gone. */
async function secondOf(run: Attempts, tookMs: number): Promise<Attempt | string> {
  const teardown = fold(run.events.all()).tiers.find(({ id }) => id === 'teardown')
  if (teardown?.status !== 'pass') return 'not all of the first attempt could be removed'
  const late = lacksTime(run, tookMs)
  if (late !== null) return late
  try {
    return await run.second()
  } catch (error) {
    return `a fresh stack could not be set up: ${messageOf(error)}`
  }
}

/** The second attempt may need as long as the first, and more for the tiers that the first did not reach. */
function lacksTime({ timeoutMs, elapsedMs }: Attempts, tookMs: number): string | null {
  const left = Math.max(0, timeoutMs - elapsedMs())
  if (left >= tookMs) return null
  return `of --deadline ${formatDuration(timeoutMs)} are ${formatDuration(left)} left, and the first attempt took ${formatDuration(tookMs)}`
}

function sayNotRepeated(events: EventLog, why: string): void {
  events.append({ type: 'finding', ...finding('not-repeated', `not judged once more: ${why}`) })
}

/**
 * Makes room in the folder for the second attempt: the logs of the last one lie where logs always lie, those of the first in
 * `logs/attempt-1`. Pictures and traces stay where the evidence of the first says they are; the second has `artifacts/attempt-2`.
 */
export function folderOfSecond(folder: RunFolder): RunFolder {
  const aside = join(folder.logs, 'attempt-1')
  const logs = readdirSync(folder.logs)
  mkdirSync(aside, { mode: 0o700 })
  for (const name of logs) renameSync(join(folder.logs, name), join(aside, name))
  rmSync(join(folder.dir, 'deps'), { recursive: true, force: true })
  const artifacts = join(folder.artifacts, 'attempt-2')
  for (const dir of [artifacts, folder.tmp]) mkdirSync(dir, { recursive: true, mode: 0o700 })
  return { ...folder, artifacts }
}
