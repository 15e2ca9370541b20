import type { Simulated } from './simulate.ts'
import type { Served, World } from './world.ts'

export interface Waits {
  readonly runs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
}

export interface Figures {
  readonly pulls: Waits
  readonly sweep: Waits
  /** From the first of the sweep asked for to the last one ended. */
  readonly sweepMs: number
  /** Of the memory of all machines, from the first run asked for until the last one ended; and while the sweep continued. */
  readonly used: number
  readonly usedInSweep: number
  readonly superseded: number
  readonly begunAgain: number
  readonly errors: number
}

export function figuresOf({ machines }: World, { served, heldByteMs, endedAt }: Simulated): Figures {
  const sweep = served.filter(({ asked }) => asked.priority === 'sweep')
  const from = Math.min(...served.map(({ asked }) => asked.at))
  const memory = machines.reduce((sum, machine) => sum + machine.memory, 0)
  const held = [...heldByteMs.values()].reduce((sum, one) => sum + one, 0)
  const [begin, end] = [Math.min(...sweep.map(({ asked }) => asked.at)), Math.max(...sweep.map((one) => one.endedAt))]
  return {
    pulls: waitsOf(served.filter(({ asked }) => asked.priority === 'pull')),
    sweep: waitsOf(sweep),
    sweepMs: sweep.length > 0 ? end - begin : 0,
    used: held / (memory * (endedAt - from)),
    usedInSweep: sweep.length > 0 ? heldWithin(served, begin, end) / (memory * (end - begin)) : 0,
    superseded: served.filter((one) => one.end === 'superseded').length,
    begunAgain: served.filter((one) => one.attempts > 1).length,
    errors: served.filter((one) => one.end === 'error').length,
  }
}

/** Of those that began. */
function waitsOf(served: readonly Served[]): Waits {
  const all = served
    .flatMap(({ begunAt, asked }) => (begunAt === null ? [] : [begunAt - asked.at]))
    .sort((a, b) => a - b)
  const share = (part: number) => all[Math.min(all.length - 1, Math.floor(part * all.length))] ?? 0
  return { runs: all.length, p50Ms: share(0.5), p95Ms: share(0.95), maxMs: share(1) }
}

/** By how long each run takes: a lost attempt is not counted. */
function heldWithin(served: readonly Served[], from: number, to: number): number {
  return served.reduce((sum, { asked, end, endedAt }) => {
    if (end !== 'done') return sum
    const both = Math.min(to, endedAt) - Math.max(from, endedAt - asked.durationMs)
    return sum + asked.memory * Math.max(0, both)
  }, 0)
}
