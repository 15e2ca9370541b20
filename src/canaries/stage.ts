import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Cleanup } from '../lib/async/cleanup.ts'
import { systemClock } from '../lib/async/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { RunEvent } from '../verdict/events.ts'
import type { ActualResult } from './actual-result.ts'
import { type Child, type ChildResult, childEnvironment, startChild } from './child.ts'
import type { DisturbanceContext, DisturbedRun } from './disturbance-context.ts'
import { EventTail } from './event-tail.ts'
import { type Times, timesOf } from './times.ts'

/** Far above what any canary takes; one that meets it is asked to end and counts as not as expected. */
const DEADLINE_MS = 1_800_000
/** A run that was asked to end and does not within this is left to `cc-ci gc`. */
const GRACE_MS = 150_000
const LOOK_EVERY_MS = 25

/** The one run that is looked at, and those who listen to it. */
export class Stage {
  readonly state: string
  readonly failures: string[] = []
  readonly #env: Record<string, string>
  readonly #listeners: Parameters<DisturbanceContext['on']>[0][] = []
  readonly #seen: RunEvent[] = []
  readonly #dir: string
  #run: DisturbedRun | null = null

  constructor(dir: string) {
    this.#dir = dir
    this.state = join(dir, 'state')
    this.#env = childEnvironment(this.state)
  }

  context(recipe: string, cleanup: Cleanup): DisturbanceContext {
    return {
      ...{ dir: this.#dir, recipe, env: this.#env, args: [], cleanup },
      on: (listener) => void this.#listeners.push(listener),
      call: async (args) => ({ timedOut: false, ...(await startChild(args, this.#env).ended) }),
    }
  }

  async play(args: readonly string[], signal: AbortSignal): Promise<ChildResult> {
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
        for (const event of tail.next()) await this.#notify(event, tail, child)
        await Promise.race([systemClock.sleep(LOOK_EVERY_MS), ended])
        stop.look()
      }
      for (const event of tail.next()) await this.#notify(event, tail, child)
      if (stop.why()) this.failures.push(stop.why())
      return await ended
    } finally {
      stop.off()
    }
  }

  /** When what decided was known. */
  times(found: ActualResult | null): Times {
    return timesOf(this.#seen, found?.tier ?? null)
  }

  /** Where a run may have left something it is removed; what cannot be is reported. */
  async sweep(found: ActualResult | null): Promise<string[]> {
    if (found?.flags.cleanTeardown === true || !existsSync(join(this.state, 'runs'))) return []
    const { exitCode, stdout, stderr } = await startChild(['gc'], childEnvironment(this.state)).ended
    return exitCode === 0 ? [] : [`cc-ci gc ended with ${exitCode}: ${`${stdout}${stderr}`.trim()}`]
  }

  async #notify(event: RunEvent, tail: EventTail, child: Child): Promise<void> {
    this.#seen.push(event)
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

/** Stops the run on abort, and when it takes too long; kills it when it does not listen. */
function stopper(child: Child, signal: AbortSignal) {
  const begun = systemClock.now()
  let stoppedAt: number | null = null
  let why = ''
  const stop = (reason: string) => {
    if (stoppedAt !== null) return
    stoppedAt = systemClock.now()
    why = reason
    child.signal('SIGTERM')
  }
  const onAbort = () => stop('stopped')
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return {
    why: () => why,
    look() {
      if (systemClock.now() - begun > DEADLINE_MS) stop(`it did not end within ${DEADLINE_MS / 1000} s`)
      if (stoppedAt !== null && systemClock.now() - stoppedAt > GRACE_MS) child.signal('SIGKILL')
    },
    off: () => signal.removeEventListener('abort', onAbort),
  }
}
