import type { Clock } from '../../lib/clock.ts'
import { type WaitOptions, type WaitResult, waitFor } from '../../lib/wait.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { Engine } from '../client.ts'
import type { ServiceState } from '../types.ts'
import { decide } from './decide.ts'
import { decisiveLines } from './decisive-lines.ts'
import { StackMemory } from './memory.ts'
import type { Converged, Expected } from './snapshot.ts'

export interface ConvergeOptions {
  readonly stack: string
  /** The services that were deployed; at least these must be there. */
  readonly expected: readonly { readonly service: string }[]
  /** The services as they were before this deployment. Default: none, all are new. */
  readonly before?: readonly ServiceState[]
  readonly deadlineMs: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly onWaiting?: WaitOptions['onWaiting']
  /** Masks secrets in the decisive lines. Default: as they are. */
  readonly mask?: (text: string) => string
}

/** A passed deadline is the cause `not-converged`. */
export type ConvergeResult = Exclude<WaitResult<Converged, Cause>, { state: 'deadline' }>

/**
 * Waits until a stack has converged, or until it is known that it will not; the deadline ends it as cause `not-converged`. It looks when
 * the engine says that something happened, and every 500 ms. Throws InfraError `engine-lost` when the engine goes away.
 */
export async function converge(engine: Engine, options: ConvergeOptions): Promise<ConvergeResult> {
  const { stack, before = [], mask = (text: string) => text } = options
  const expected = new Map(options.expected.map(({ service }) => [service, expectedOf(service, before)]))
  const memory = new StackMemory(engine, stack, expected, options.clock)
  using watch = engine.events(stack)
  const waited = await waitFor(async () => decide(await memory.look()), {
    name: `stack ${stack} to converge`,
    deadlineMs: options.deadlineMs,
    signal: options.signal,
    clock: options.clock,
    onWaiting: options.onWaiting,
    nudge: watch.nudge,
  })
  if (waited.state === 'ready') return waited
  if (waited.state === 'impossible') {
    const { code, message, service, hint, tasks, behind = [] } = waited.cause
    const lines = await decisiveLines(engine, memory.last, service, tasks)
    for (const name of behind) {
      const more = await decisiveLines(engine, memory.last, name, [])
      lines.unshift(...more.map((line) => `${name}: ${line}`))
    }
    const details = { service, lines: lines.map(mask), ...(hint ? { hint } : {}) }
    // Restarts that are used up before the third end are no repetition yet.
    const few = code === 'crash-loop' && tasks.length < 3 ? { deterministic: false } : {}
    const found = cause(code, mask(message), { ...details, ...few })
    return { ...waited, cause: found }
  }
  const lines = await decisiveLines(engine, memory.last, memory.unready(), [])
  const message = `not converged within ${Math.round(options.deadlineMs / 1000)} s: ${waited.lastSeen}`
  const late = cause('not-converged', mask(message), { service: memory.unready(), lines: lines.map(mask) })
  return { state: 'impossible', cause: late, waitedMs: waited.waitedMs }
}

function expectedOf(name: string, before: readonly ServiceState[]): Expected {
  return { before: before.find(({ service }) => service === name) ?? null }
}
