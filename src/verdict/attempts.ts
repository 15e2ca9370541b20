import { isDeterministic } from './causes.ts'
import type { Finding, RunEvent, RunHeader } from './events.ts'
import { finding } from './findings.ts'
import { repetitionOf } from './repetition.ts'
import type { TierResult } from './results.ts'
import { type TierId, tiersWith } from './tiers.ts'

/** They look at nothing that a fresh stack would change: judged once, for all attempts. */
export const JUDGED_ONCE: readonly TierId[] = tiersWith(({ app }) => app === 'none')

/** The events that each attempt is judged by, in order. A run without a mark has one attempt: all of it. */
export function attemptsOf(events: readonly RunEvent[]): readonly (readonly RunEvent[])[] {
  const starts = events.flatMap(({ type }, index) => (type === 'attempt.started' ? [index] : []))
  const once = events.filter((event) => 'tier' in event && JUDGED_ONCE.includes(event.tier))
  return [0, ...starts].map((from, index) => {
    const mine = events.slice(from, starts[index])
    return index === 0 ? mine : [...once.filter((event) => !mine.includes(event)), ...mine]
  })
}

/** An attempt and what its tiers amount to by themselves. */
export interface JudgedAttempt {
  /** From 1. */
  readonly attempt: number
  readonly events: readonly RunEvent[]
  readonly tiers: readonly TierResult[]
}

export interface CountedAttempts {
  /** What the run ends with, tier by tier. */
  readonly tiers: readonly TierResult[]
  /** The attempts that `tiers` does not show, or not whole, each with what became of it. */
  readonly others: readonly (JudgedAttempt & { readonly because: string })[]
  /** False: an attempt followed one that was not to be repeated. It counts for nothing, and such a run never passes. */
  readonly orderly: boolean
  readonly findings: readonly Finding[]
}

/**
 * THE rule of attempts: a second one counts when the first was to be repeated and was taken down with proof. Tier by tier the second takes
 * the place of the first. Only a fail stays where the second could not judge the tier, unless that was the fault of cc-ci itself; and whatever is
 * deterministic stays until the second fails.
 */
export function countAttempts(attempts: readonly JudgedAttempt[], header: RunHeader): CountedAttempts {
  const [first, second, ...more] = attempts as [JudgedAttempt, ...JudgedAttempt[]]
  if (!second) return { tiers: first.tiers, others: [], orderly: true, findings: [] }
  const refused = refusal(first, header)
  if (refused !== null) return { ...discarded([second, ...more], refused), tiers: first.tiers }
  const late = discarded(more, 'what failed twice is not tried a third time')
  const tiers = second.tiers.map((tier, index) => standing(first.tiers[index] as TierResult, tier))
  const stayed = tiers.filter(({ attempt }) => attempt !== undefined).map(({ id }) => id)
  const shownInPart = { ...second, because: `what the first found stands for ${stayed.join(', ')}` }
  return {
    tiers,
    others: [
      { ...first, because: `repeated: ${reasonOf(first, header)}` },
      ...(stayed.length > 0 ? [shownInPart] : []),
      ...late.others,
    ],
    orderly: late.orderly,
    findings: [
      ...first.tiers.flatMap((tier, index) => attemptFindings(tier, second.tiers[index] as TierResult)),
      ...late.findings,
    ],
  }
}

function reasonOf({ tiers }: JudgedAttempt, header: RunHeader): string {
  const repetition = repetitionOf(tiers, header)
  return repetition.repeat ? repetition.because : ''
}

/** Why nothing may follow this attempt; null: a second one may. */
function refusal({ events, tiers }: JudgedAttempt, header: RunHeader): string | null {
  const repetition = repetitionOf(tiers, header)
  if (!repetition.repeat) return repetition.why ?? 'the attempt before ended with nothing that may be chance'
  if (events.some(({ type }) => type === 'run.interrupted')) return 'the run had been stopped before'
  const teardown = tiers.find(({ id }) => id === 'teardown')
  return teardown?.status === 'pass' ? null : 'the attempt before was not taken down with proof'
}

function discarded(attempts: readonly JudgedAttempt[], why: string): Omit<CountedAttempts, 'tiers'> {
  const because = `does not count: ${why}`
  return {
    others: attempts.map((attempt) => ({ ...attempt, because })),
    orderly: attempts.length === 0,
    findings: attempts.map(({ attempt }) => finding('attempt-not-counted', `attempt ${attempt} ${because}`)),
  }
}

/** The row that counts: the second, or a first one that it does not replace. */
function standing(first: TierResult, second: TierResult): TierResult {
  return stays(first, second) ? { ...first, attempt: 1 } : second
}

function stays(first: TierResult, second: TierResult): boolean {
  if (JUDGED_ONCE.includes(first.id) || second.status === 'fail') return false
  if (first.cause && ownEnd(first) && isDeterministic(first.cause)) return true
  return first.status === 'fail' && second.status !== 'pass' && second.cause?.blame !== 'ci'
}

/** What a person must know of a tier that was judged twice. Nothing of one that went the same way both times and passed. */
function attemptFindings(first: TierResult, second: TierResult): Finding[] {
  if (first.id === 'teardown' || JUDGED_ONCE.includes(first.id)) return []
  const [before, after] = [ownEnd(first), ownEnd(second)]
  const found = (code: 'flaky' | 'repeated', message: string, severity?: 'info'): Finding[] => [
    finding(code, `${first.id} ${message}`, { severity }),
  ]
  if (stays(first, second)) {
    const why =
      second.status === 'pass'
        ? 'a pass on a fresh stack does not undo that'
        : `could not be judged again: ${second.reason}`
    return found('repeated', `ended with ${before}, and ${why}`)
  }
  if (before && second.status === 'pass')
    return found('flaky', `passed on a fresh stack; at first it ended with ${before}`)
  if (first.status === 'pass' && second.status === 'fail')
    return found('flaky', `passed at first; on a fresh stack it ended with ${after}`)
  if (before && after)
    return found('repeated', `ended with ${after} on a fresh stack too; at first with ${before}`, 'info')
  if (before) return found('repeated', `ended with ${before}, and was not judged again: ${second.reason}`)
  return []
}

/** `not-converged (blame: recipe): 0/1 tasks run`; null for a tier without a cause of its own. */
function ownEnd({ cause }: TierResult): string | null {
  return cause && cause.code !== 'blocked' ? `${cause.code} (blame: ${cause.blame}): ${cause.message}` : null
}

export interface FlakyTier {
  readonly tier: TierId
  /** The cause that it ended with at first. */
  readonly code: string
}

/** The tiers that passed on a fresh stack after they had not, from the results alone. */
export function flakyTiers({ tiers, attempts = [] }: Pick<TierHistory, 'tiers' | 'attempts'>): FlakyTier[] {
  return tiers.flatMap((tier) => {
    const cause = tier.status === 'pass' ? firstEnd(tier, { attempts })?.cause : undefined
    return cause ? [{ tier: tier.id, code: cause.code }] : []
  })
}

/** How a tier ended in the attempt that was repeated, where that was for a cause of its own. */
export function firstEnd(
  { id, attempt }: TierResult,
  { attempts = [] }: Pick<TierHistory, 'attempts'>,
): TierResult | undefined {
  const [first] = attempts.filter((other) => other.attempt === 1)
  if (!first || attempt === 1) return undefined
  return first.tiers.find((tier) => tier.id === id && tier.cause !== undefined && tier.cause.code !== 'blocked')
}

interface TierHistory {
  readonly tiers: readonly TierResult[]
  readonly attempts?: readonly { readonly attempt: number; readonly tiers: readonly TierResult[] }[]
}
