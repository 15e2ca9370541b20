import { type Cause, cause } from './causes.ts'
import { type RunEvent, type RunHeader, upgradeSource } from './events.ts'
import { type Evidence, isLostOutsideBackup } from './evidence.ts'
import { failedTestLines } from './failed-tests.ts'
import { machineLine } from './machine-line.ts'
import { contradiction, missingData, missingEvidence, missingResumed, missingSteps } from './required-evidence.ts'
import type { TierResult } from './results.ts'
import { TIERS, type TierId } from './tiers.ts'

/** Everything the stream says about one tier. */
export interface TierFacts {
  readonly tier: TierId
  readonly started?: string
  readonly ended?: string
  readonly skipped?: Extract<RunEvent, { type: 'tier.skipped' }>
  readonly blockedBy?: TierId
  readonly doubt?: Cause
  readonly checks: readonly Extract<RunEvent, { type: 'check' }>[]
  readonly evidence: TierResult['evidence']
  readonly tests: TierResult['tests']
  readonly leaks: readonly string[]
  /** Files in which the last look of the masker, after the teardown, still found a secret. */
  readonly secretLeaks: readonly string[]
}

/** What one tier's outcome depends on besides its own facts. */
export interface OutcomeFacts {
  readonly header: RunHeader
  readonly complete: boolean
  readonly interrupted: TierResultSignal | null
  /** Id of the snapshot that the backup tier took. */
  readonly snapshot?: string
  /** Id of the snapshot that the upgrade tier took of the version before. */
  readonly snapshotBefore?: string
  /** True when a tier that puts something on the engine was begun. */
  readonly touched: boolean
  /** Evidence that the app of the run from which this one continues was put in place. */
  readonly resumed?: Evidence
}

type TierResultSignal = Extract<RunEvent, { type: 'run.interrupted' }>['signal']
export type Outcome = Pick<TierResult, 'status' | 'reason' | 'skipKind' | 'cause'>

/**
 * THE rules of outcomes, first match decides: what a check or test found wanting in the recipe is `fail`, or
 * `unverified` where the stream has a doubt; what could not be judged
 * is `unverified`; a skip needs a reason and never overrides a result; `pass` needs an end, a check, and all required evidence.
 * A blocked tier is left to `blockedOutcome`, which needs the outcome of the other tier: null here.
 */
export function tierOutcome(facts: TierFacts, run: OutcomeFacts): Outcome | null {
  const { tier } = facts
  const found = failure(facts)
  if (found && facts.doubt)
    return unverified({ ...facts.doubt, lines: [`${found.code}: ${found.message}`, ...found.lines] })
  if (found) return { status: 'fail', reason: found.message, cause: found }
  const unclear = unjudged(facts)
  if (unclear) return unverified(unclear)
  if (facts.blockedBy) return null
  if (facts.skipped) return skip(facts.skipped)
  if (!facts.started) return neverBegun(tier, run)
  if (!facts.ended) return unverified(leftOpen(`${tier} was begun and never ended`, run))
  const missing = notProven(facts, run)
  return missing ? unverified(missing) : { status: 'pass', reason: seen(facts) }
}

/** The outcome of a tier that waits for another one: never better than `unverified`, blamed on what stopped that one. */
export function blockedOutcome(by: TierId, blocker: Outcome | undefined): Outcome {
  const root = blocker?.cause
  if (!root) return unverified(cause('blocked', `${by} did not let it begin, but has no cause itself`, { blame: 'ci' }))
  const { blame } = root
  const message =
    root.code === 'blocked' ? `needs ${by}: ${root.message}` : `needs ${by}, which ended with ${root.code}`
  return unverified(cause('blocked', message, { blame }))
}

function failure({ checks, tests, tier, evidence }: TierFacts): Cause | undefined {
  const check = checks.find(
    ({ outcome, cause }) => outcome === 'fail' && (cause?.blame === 'recipe' || cause?.blame === 'upstream'),
  )
  if (check?.cause) return check.cause
  const failed = tests.filter(({ status, quarantined }) => status === 'failed' && !quarantined)
  if (failed.length === 0) return undefined
  const machine = failed.find((test) => test.machine)?.machine
  return cause('test-failed', `${failed.length} of ${tests.length} tests of ${tier} failed`, {
    lines: [...failedTestLines(failed), ...lostOutsideBackup(evidence), ...(machine ? [machineLine(machine)] : [])],
  })
}

/** The databases that the labels leave out and that lost rows with the machine: what a test after a restore then misses. */
function lostOutsideBackup(evidence: TierFacts['evidence']): string[] {
  return evidence
    .flatMap((one) => (one.kind === 'witness' && 'witnesses' in one ? one.witnesses : []))
    .filter(isLostOutsideBackup)
    .map(({ subject, summary }) => `${subject} is in no backup: ${summary}`)
}

/** The first check that could not look, or that found a fault which is not the recipe's; what was left behind or leaked counts as one. */
function unjudged({ checks, leaks, secretLeaks }: TierFacts): Cause | undefined {
  const check = checks.find(({ outcome }) => outcome !== 'pass')
  if (check)
    return check.cause ?? cause('harness-error', `the check "${check.name}" is ${check.outcome} and gives no cause`)
  if (leaks.length > 0) return cause('teardown-leak', `left behind: ${leaks.join(', ')}`, { lines: leaks })
  if (secretLeaks.length === 0) return undefined
  return cause('secret-leaked', `a secret stood in ${secretLeaks.join(', ')}`, { lines: secretLeaks })
}

function skip({ kind, reason }: { kind: NonNullable<TierResult['skipKind']>; reason: string }): Outcome {
  if (reason.trim() === '') return unverified(cause('evidence-missing', 'skipped without a reason'))
  return { status: 'skip', skipKind: kind, reason }
}

function neverBegun(tier: TierId, run: OutcomeFacts): Outcome {
  const due = run.header.selected.includes(tier) || (tier === 'teardown' && run.touched)
  if (!due) return { status: 'skip', skipKind: 'not-selected', reason: 'not selected for this run' }
  return unverified(leftOpen(`${tier} was never begun`, run))
}

function leftOpen(what: string, { interrupted, complete }: OutcomeFacts): Cause {
  if (interrupted === 'deadline') return cause('deadline', `${what}: the run reached its deadline`)
  if (interrupted) return cause('interrupted', `${what}: the run was stopped by ${interrupted}`)
  if (complete) return cause('harness-error', `${what}, though the run came to its end`)
  return cause('harness-error', `${what}: the record of the run stops before`)
}

function notProven(facts: TierFacts, { header, snapshot, snapshotBefore, resumed }: OutcomeFacts): Cause | null {
  const { tier, evidence, checks, tests } = facts
  if (checks.length === 0) return cause('evidence-missing', `${tier} ended without a single check`)
  const missing = missingEvidence(tier, evidence)
  if (missing) return cause('evidence-missing', `${tier} cannot pass: ${missing}`, { lines: missing.split('; ') })
  const { recipe, base } = header
  const known = { commit: recipe.commit, snapshot, snapshotBefore, base: base && upgradeSource(base).commit }
  const without = tier === 'upgrade' ? (missingData(evidence, base) ?? missingSteps(evidence, base)) : null
  if (without) return cause('evidence-missing', `${tier} cannot pass: ${without}`)
  const elsewhere = header.resumed && looksAtApp(tier) ? missingResumed(header.resumed, resumed) : null
  if (elsewhere) return cause('evidence-missing', `${tier} cannot pass: ${elsewhere}`)
  const wrong = contradiction(tier, evidence, known)
  if (wrong) return cause('evidence-missing', wrong)
  const needsTests = (TIERS[tier].requires as readonly unknown[]).includes('tests')
  const deciding = tests.filter(({ quarantined }) => !quarantined)
  if (!needsTests || deciding.some(({ status }) => status === 'passed')) return null
  return cause('no-tests-ran', nothingRan(tests.length, tests.length - deciding.length))
}

function looksAtApp(tier: TierId): boolean {
  const { app } = TIERS[tier]
  return app === 'base' || app === 'head'
}

function nothingRan(tests: number, quarantined: number): string {
  if (tests === 0) return 'not one test was executed'
  if (quarantined === 0) return `all ${tests} tests were skipped`
  const rest = quarantined === tests ? '' : ', and the rest were skipped'
  return `${quarantined} of ${tests} tests decide nothing (quarantined)${rest}`
}

function unverified(why: Cause): Outcome {
  return { status: 'unverified', reason: why.message, cause: why }
}

function seen({ checks, evidence, tests }: TierFacts): string {
  const kinds = new Set(evidence.map(({ kind }) => kind)).size
  const parts = [count(checks.length, 'check'), count(kinds, 'kind', 's of evidence', ' of evidence')]
  return [...parts, ...(tests.length > 0 ? [count(tests.length, 'test')] : [])].join(', ')
}

function count(amount: number, noun: string, many = 's', one = ''): string {
  return `${amount} ${noun}${amount === 1 ? one : many}`
}
