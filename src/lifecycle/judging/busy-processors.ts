import type { MachineState, TestRow } from '../../verdict/events.ts'
import { timeLimitOf } from './time-limit.ts'

/** A program gets a quarter of a processor then, or less: ordinary machines are not there. */
const WAITING_EACH = 4

/** What a test may need of a processor while it waits, in ms: ordinary ones need less. A wait of a minute gives that at a load of four times the processors, a longer one at more. */
const NEEDED_MS = 15_000

/** Of a time limit: what waited for processors for less had the rest of it, as on a machine with nothing else to do. */
const WAITED_PART = 1 / 2

/**
 * The machine on which every failed test of a tier ran out of time while so many programs wanted its processors that the limit says nothing of the app. Null: none failed, one failed
 * for another reason or had its share of a processor for long enough, nothing of it and of the app waited for processors for long, or the processors were free enough.
 */
export function busyMachine(tests: readonly TestRow[]): MachineState | null {
  const failed = tests.filter(({ status, quarantined }) => status === 'failed' && !quarantined)
  if (failed.length === 0) return null
  return failed.every(isStarved) ? (failed[0]?.machine ?? null) : null
}

function isStarved({ error, machine }: TestRow): boolean {
  const limitMs = timeLimitOf(error)
  if (limitMs === null || machine === undefined) return false
  const { load, processors, waitedMs = Number.POSITIVE_INFINITY } = machine
  const waiting = (load[0] ?? 0) / processors
  const starved = waiting >= WAITING_EACH && limitMs / waiting <= NEEDED_MS
  return starved && waitedMs >= limitMs * WAITED_PART
}
