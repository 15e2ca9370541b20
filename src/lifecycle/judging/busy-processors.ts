import type { MachineState, TestRow } from '../../verdict/events.ts'

/** A program gets a quarter of a processor then, or less: what waits 60 s has waited for 15 s of work. Ordinary tests need less than that, and ordinary machines are not there. */
const WAITING_EACH = 4

/** How Playwright says that a test, an expectation or an action reached its time limit. */
const OUT_OF_TIME = /\b(?:timed out|timeout)\b[^\n]*?\b\d+ ?ms\b/i

/**
 * The machine on which every failed test of a tier ran out of time while so many programs wanted its processors that the limit says nothing of the app. Null: none failed, one failed
 * for another reason, or the processors were free enough.
 */
export function busyMachine(tests: readonly TestRow[]): MachineState | null {
  const failed = tests.filter(({ status, quarantined }) => status === 'failed' && !quarantined)
  if (failed.length === 0) return null
  const starved = failed.every(
    ({ error = '', machine }) => machine !== undefined && isBusy(machine) && OUT_OF_TIME.test(error),
  )
  return starved ? (failed[0]?.machine ?? null) : null
}

function isBusy({ load: [now = 0], processors }: MachineState): boolean {
  return now >= WAITING_EACH * processors
}
