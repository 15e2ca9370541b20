import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Cleanup } from '../lib/async/cleanup.ts'
import { systemClock } from '../lib/async/clock.ts'
import { InternalError, messageOf } from '../lib/errors.ts'
import { parseResults, type Results } from '../verdict/results.ts'
import { type ActualResult, actualRefusal, actualResult } from './actual-result.ts'
import type { Canary } from './canary.ts'
import { canarySteps } from './canary-recipe.ts'
import type { ChildResult } from './child.ts'
import { resultDifferences } from './compare.ts'
import { buildRepository } from './repository.ts'
import { Stage } from './stage.ts'
import type { Times } from './times.ts'

export interface CanaryRun {
  readonly name: string
  readonly found: ActualResult | null
  /** What is other than expected; empty: all is as it must be. */
  readonly differences: readonly string[]
  readonly ms: number
  /** When what decided was known. */
  readonly times: Times
  /** The folder that was kept for a look; null when nothing is kept. */
  readonly kept: string | null
  /** The last words of the command, where it did not end as expected. */
  readonly said: string
}

export interface CanaryOptions {
  /** Made for this run, and removed when it ended as expected. */
  readonly dir: string
  readonly signal: AbortSignal
  /** What is wanted of its results besides: gives what is other than wanted, a line each. Not called where no run came to its end. */
  readonly look?: (results: Results) => readonly string[]
}

/**
 * One canary through the real command line, with a state folder of its own. Never throws for what the run does. Null when the signal
 * stopped it: then it says nothing, and nothing is kept.
 */
export async function runCanary(
  name: string,
  canary: Canary,
  { dir, signal, look }: CanaryOptions,
): Promise<CanaryRun | null> {
  const begun = systemClock.now()
  const stage = new Stage(dir)
  const cleanup = new Cleanup()
  let found: ActualResult | null = null
  let ended: ChildResult | null = null
  const wrong: string[] = []
  try {
    mkdirSync(stage.state, { recursive: true })
    const recipe = join(dir, name)
    await buildRepository(canarySteps(name, canary), recipe)
    const context = stage.context(recipe, cleanup)
    await canary.disturbance?.prepare(context)
    ended = await stage.play(['test', recipe, '--json', '-', ...(canary.args ?? []), ...context.args], signal)
    const { actual, results } = foundBy(ended)
    found = actual
    wrong.push(...resultDifferences(canary.expect, found), ...(results && look ? look(results) : []))
  } catch (error) {
    wrong.push(messageOf(error))
  }
  wrong.push(...stage.failures)
  for (const { what, message } of await cleanup.run()) wrong.push(`${what} could not be undone: ${message}`)
  wrong.push(...(await stage.sweep(found)))
  if (wrong.length === 0 || signal.aborted) rmSync(dir, { recursive: true, force: true })
  if (signal.aborted) return null
  return {
    name,
    found,
    differences: wrong,
    ms: systemClock.now() - begun,
    times: stage.times(found),
    kept: wrong.length === 0 ? null : dir,
    said: wrong.length === 0 || !ended ? '' : `${ended.stderr}`.trim().split('\n').slice(-25).join('\n'),
  }
}

function foundBy({ exitCode, stdout, stderr }: ChildResult): { actual: ActualResult; results: Results | null } {
  let answer: { error?: { code: string; blame: string; message: string } }
  try {
    answer = JSON.parse(stdout)
  } catch {
    const last = stderr.trim().split('\n').slice(-3).join(' ')
    throw new InternalError('no-results', `no results (exit code ${exitCode}): ${last}`)
  }
  if (answer.error) return { actual: actualRefusal(answer.error, exitCode), results: null }
  const results = parseResults(answer)
  return { actual: actualResult(results, exitCode), results }
}
