import type { Clock } from '../lib/async/clock.ts'
import type { WaitProgress } from '../lib/async/waits.ts'
import type { Cause } from '../verdict/causes.ts'
import { type After, type CheckRef, checkAfter, checkTitle, identityOf } from '../verdict/checks.ts'
import type { CheckOutcome, EventSink, Finding, MachineState, TestRow } from '../verdict/events.ts'
import type { Evidence } from '../verdict/evidence.ts'
import { type OperationRef, operationFacts } from '../verdict/operations.ts'
import type { TierId } from '../verdict/tiers.ts'

/** How a tier tells what it found, and the only way. Outcomes are computed from this by the fold, never by the tier. */
export interface TierReporter {
  readonly tier: TierId
  /** `machine`: what it had left, beside what did not pass. */
  check(ref: CheckRef, outcome: CheckOutcome, cause?: Cause, machine?: MachineState): void
  evidence(evidence: Evidence): void
  finding(finding: Finding): void
  test(test: TestRow): void
  /** The tier has nothing to judge in this app, which it could not know before. */
  skip(reason: string): void
  note(text: string): void
  leak(leak: { readonly kind: string; readonly name: string }): void
  /** Runs the one mutating act and records when it began and ended. */
  operation<T>(ref: OperationRef, act: () => Promise<T>): Promise<T>
  /** Passed to waits, so that progress says what is waited for. */
  onWaiting(progress: WaitProgress): void
  /** The same reporter for checks that are made once more, after this act of cc-ci. */
  after(act: After): TierReporter
  /** The same reporter without checks and evidence, for a look that is none of the tier's own. */
  quiet(): TierReporter
}

export interface ReporterOptions {
  readonly events: EventSink
  readonly clock: Clock
  /** Told of every wait too. */
  readonly onWaiting?: (progress: WaitProgress) => void
}

export function tierReporter(tier: TierId, { events, clock, onWaiting }: ReporterOptions): TierReporter {
  const reporter: Reporting = {
    tier,
    check(ref, outcome, cause, machine) {
      const more = { ...(cause ? { cause } : {}), ...(machine ? { machine } : {}) }
      events.append({ type: 'check', tier, ...identityOf(ref), name: checkTitle(ref), outcome, ...more })
    },
    evidence: (evidence) => events.append({ type: 'evidence', tier, evidence }),
    finding: (finding) => events.append({ type: 'finding', ...finding }),
    test: (test) => events.append({ type: 'test', tier, test }),
    skip: (reason) => events.append({ type: 'tier.skipped', tier, kind: 'structural', reason }),
    note: (text) => events.append({ type: 'note', text }),
    leak: (leak) => events.append({ type: 'leak', ...leak }),
    onWaiting(progress) {
      onWaiting?.(progress)
      const { timeoutMs: deadlineMs, ...facts } = progress
      events.append({ type: 'wait.progress', tier, ...facts, deadlineMs })
    },
    async operation(ref, act) {
      const facts = operationFacts(ref)
      const start = clock.now()
      events.append({ type: 'operation.started', tier, ...facts })
      try {
        return await act()
      } finally {
        events.append({ type: 'operation.ended', tier, ...facts, ms: clock.now() - start })
      }
    },
  }
  return withVariants(reporter, reporter.check)
}

type Reporting = Omit<TierReporter, 'after' | 'quiet'>

function withVariants(reporting: Reporting, check: TierReporter['check']): TierReporter {
  return {
    ...reporting,
    check,
    after: (act) => withVariants(reporting, (ref, ...rest) => check(checkAfter(ref, act), ...rest)),
    quiet: () => withVariants({ ...reporting, evidence: () => {} }, () => {}),
  }
}
