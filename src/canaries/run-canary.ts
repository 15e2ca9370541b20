import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Cleanup } from '../lib/cleanup.ts'
import { systemClock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { RunEvent } from '../verdict/events.ts'
import { parseResults } from '../verdict/results.ts'
import type { Canary } from './canary.ts'
import { canarySteps } from './canary-recipe.ts'
import { type Child, childEnvironment, type Ended, startChild } from './child.ts'
import { differences } from './compare.ts'
import { EventTail } from './event-tail.ts'
import { type Found, foundIn, foundInRefusal } from './found.ts'
import { buildRepository } from './repository.ts'
import type { DisturbedRun, Scene } from './scene.ts'

/** Far above what any canary takes; one that meets it is asked to end and counts as not as expected. */
const DEADLINE_MS = 600_000
/** A run that was asked to end and does not within this is left to `cc-ci gc`. */
const GRACE_MS = 150_000
const LOOK_EVERY_MS = 25

export interface CanaryRun {
  readonly name: string
  readonly found: Found | null
  /** What is other than expected; empty: all is as it must be. */
  readonly differences: readonly string[]
  readonly ms: number
  /** How long the deciding tier took; null where none decided, or where it did not end. */
  readonly decidedAfterMs: number | null
  /** The folder that was kept for a look; null when nothing is kept. */
  readonly kept: string | null
  /** The last words of the command, where it did not end as expected. */
  readonly said: string
}

export interface CanaryOptions {
  /** Made for this run, and removed when it ended as expected. */
  readonly dir: string
  readonly signal: AbortSignal
}

/**
 * One canary through the real command line, with a state folder of its own. Never throws for what the run does. Null when the signal
 * stopped it: then it says nothing, and nothing is kept.
 */
export async function runCanary(
  name: string,
  canary: Canary,
  { dir, signal }: CanaryOptions,
): Promise<CanaryRun | null> {
  const begun = systemClock.now()
  const stage = new Stage(dir)
  const cleanup = new Cleanup()
  let found: Found | null = null
  let ended: Ended | null = null
  const wrong: string[] = []
  try {
    mkdirSync(stage.state, { recursive: true })
    const recipe = join(dir, name)
    await buildRepository(canarySteps(name, canary), recipe)
    const scene = stage.scene(recipe, cleanup)
    await canary.disturbance?.prepare(scene)
    ended = await stage.play(['test', recipe, '--json', '-', ...(canary.args ?? []), ...scene.args], signal)
    found = foundBy(ended)
    wrong.push(...differences(canary.expect, found))
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
    decidedAfterMs: stage.decidedAfterMs(found),
    kept: wrong.length === 0 ? null : dir,
    said: wrong.length === 0 || !ended ? '' : `${ended.stderr}`.trim().split('\n').slice(-25).join('\n'),
  }
}

function foundBy({ exitCode, stdout, stderr }: Ended): Found {
  let answer: { error?: { code: string; blame: string; message: string } }
  try {
    answer = JSON.parse(stdout)
  } catch {
    throw new Error(`no results (exit code ${exitCode}): ${stderr.trim().split('\n').slice(-3).join(' ')}`)
  }
  return answer.error ? foundInRefusal(answer.error, exitCode) : foundIn(parseResults(answer), exitCode)
}

/** The one run that is looked at, and those who listen to it. */
class Stage {
  readonly state: string
  readonly failures: string[] = []
  readonly #env: Record<string, string>
  readonly #listeners: Parameters<Scene['on']>[0][] = []
  readonly #spans = new Map<string, { from: number; to?: number }>()
  readonly #dir: string
  #run: DisturbedRun | null = null

  constructor(dir: string) {
    this.#dir = dir
    this.state = join(dir, 'state')
    this.#env = childEnvironment(this.state)
  }

  scene(recipe: string, cleanup: Cleanup): Scene {
    return {
      ...{ dir: this.#dir, recipe, env: this.#env, args: [], cleanup },
      on: (listener) => void this.#listeners.push(listener),
      call: async (args) => ({ timedOut: false, ...(await startChild(args, this.#env).ended) }),
    }
  }

  async play(args: readonly string[], signal: AbortSignal): Promise<Ended> {
    const tail = new EventTail(this.state)
    const child = startChild(args, this.#env)
    let over = false
    const ended = child.ended.finally(() => {
      over = true
    })
    ended.catch(() => undefined)
    const stop = stopper(child, signal)
    try {
      while (!over) {
        for (const event of tail.next()) await this.#tell(event, tail, child)
        await Promise.race([systemClock.sleep(LOOK_EVERY_MS), ended])
        stop.look()
      }
      for (const event of tail.next()) await this.#tell(event, tail, child)
      if (stop.why()) this.failures.push(stop.why())
      return await ended
    } finally {
      stop.off()
    }
  }

  decidedAfterMs(found: Found | null): number | null {
    const span = found?.tier ? this.#spans.get(found.tier) : undefined
    return span?.to === undefined ? null : span.to - span.from
  }

  /** Where a run may have left something it is removed; what cannot be is told. */
  async sweep(found: Found | null): Promise<string[]> {
    if (found?.flags.cleanTeardown === true || !existsSync(join(this.state, 'runs'))) return []
    const { exitCode, stdout, stderr } = await startChild(['gc'], childEnvironment(this.state)).ended
    return exitCode === 0 ? [] : [`cc-ci gc ended with ${exitCode}: ${`${stdout}${stderr}`.trim()}`]
  }

  async #tell(event: RunEvent, tail: EventTail, child: Child): Promise<void> {
    if (event.type === 'tier.started') this.#spans.set(event.tier, { from: Date.parse(event.at) })
    if (event.type === 'tier.ended') {
      const span = this.#spans.get(event.tier)
      if (span) span.to = Date.parse(event.at)
    }
    if (event.type === 'run.started') {
      const folder = tail.folder ?? ''
      this.#run = { id: event.run.id, stack: event.stack, folder, signal: (name) => child.signal(name) }
    }
    for (const listener of this.#listeners) {
      try {
        if (this.#run) await listener(event, this.#run)
      } catch (error) {
        this.failures.push(`the disturbance failed: ${messageOf(error)}`)
      }
    }
  }
}

/** Asks the run to end when we are asked to, and when it takes too long; kills it when it does not listen. */
function stopper(child: Child, signal: AbortSignal) {
  const begun = systemClock.now()
  let asked: number | null = null
  let why = ''
  const ask = (reason: string) => {
    if (asked !== null) return
    asked = systemClock.now()
    why = reason
    child.signal('SIGTERM')
  }
  const onAbort = () => ask('stopped')
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return {
    why: () => why,
    look() {
      if (systemClock.now() - begun > DEADLINE_MS) ask(`it did not end within ${DEADLINE_MS / 1000} s`)
      if (asked !== null && systemClock.now() - asked > GRACE_MS) child.signal('SIGKILL')
    },
    off: () => signal.removeEventListener('abort', onAbort),
  }
}
