import { type CheckIdentity, type CheckRef, checkKey, checkTitle } from '../verdict/checks.ts'
import { TIER_IDS, type TierId } from '../verdict/tiers.ts'
import type { ActualResult } from './actual-result.ts'
import type { ExpectedResult } from './canary.ts'

const CLEAN = { cleanTeardown: true, noSecretLeak: true }

/** What is other than expected, one line each; empty when all is as it must be. */
export function resultDifferences(expected: ExpectedResult, found: ActualResult): string[] {
  const end = plain(expected, found)
  return [
    ...end,
    // A run that ended elsewhere lacks whatever would have come after.
    ...(end.length === 0 ? missingChecks(expected, found) : []),
    ...otherCauses(expected, found),
    ...(expected.findings ?? [])
      .filter((code) => !found.findings.includes(code))
      .map((code) => `finding ${code} is missing`),
    ...words(expected, found),
    ...again(expected, found),
    ...traces(expected, found),
  ]
}

function plain(expected: ExpectedResult, found: ActualResult): string[] {
  const decided = {
    of: expected.decidedBy && checkKey(expected.decidedBy),
    by: found.decidedBy && checkKey(found.decidedBy),
  }
  const keys = ['verdict', 'tier', 'cause', 'blame', 'exitCode'] as const
  return [
    ...keys
      .filter((key) => !allowed(expected, key).includes(found[key]))
      .map((key) => `${NAMES[key]}: expected ${allowed(expected, key).map(String).join(' or ')}, found ${found[key]}`),
    ...(decided.of === undefined || decided.of === decided.by
      ? []
      : [`deciding check: expected ${titleOf(expected.decidedBy ?? null)}, found ${titleOf(found.decidedBy)}`]),
  ]
}

/** Each value of a run that would be right. */
function allowed(expected: ExpectedResult, key: keyof typeof NAMES): unknown[] {
  if (key === 'tier') return [expected.tier, ...(expected.or?.tiers ?? [])]
  if (key === 'cause') return [expected.cause, ...(expected.or?.causes ?? [])]
  return [expected[key]]
}

/** Whether it ended at the tier, with the cause, the blame and the verdict that are due. */
export function isAsExpected(expected: ExpectedResult, found: ActualResult): boolean {
  return (['tier', 'cause', 'blame', 'verdict'] as const).every((key) => allowed(expected, key).includes(found[key]))
}

/** What is well is seen to be well at the first attempt. */
function again({ verdict }: ExpectedResult, { attempts }: ActualResult): string[] {
  return verdict === 'pass' && attempts > 1 ? [`took ${attempts} attempts`] : []
}

const NAMES = {
  verdict: 'verdict',
  tier: 'tier',
  cause: 'cause',
  blame: 'blame',
  exitCode: 'exit code',
} as const

function titleOf(check: CheckRef | CheckIdentity | null): string {
  return check === null ? 'none' : checkTitle(check)
}

function missingChecks({ checks }: ExpectedResult, found: ActualResult): string[] {
  return TIER_IDS.flatMap((tier) => {
    const ran = new Set((found.checks[tier] ?? []).map(checkKey))
    const missing = (checks[tier] ?? []).filter((check) => !ran.has(checkKey(check)))
    return missing.map((check) => `${tier}: the check "${checkTitle(check)}" did not run or did not pass`)
  })
}

function otherCauses({ also = {} }: ExpectedResult, { causes }: ActualResult): string[] {
  return (Object.keys(also) as TierId[])
    .filter((tier) => also[tier] !== causes[tier])
    .map((tier) => `${tier}: expected ${also[tier]}, found ${causes[tier] ?? 'no cause'}`)
}

function words({ says, tier, decidedBy }: ExpectedResult, found: ActualResult): string[] {
  const silent = says && !says.test(found.words) ? [`the cause does not say ${says}`] : []
  const judged = tier !== null && tier !== 'teardown' && decidedBy !== null && decidedBy !== undefined
  return judged && !found.machineTold ? [...silent, 'the cause does not say what the machine had left'] : silent
}

function traces({ flags = CLEAN }: ExpectedResult, found: ActualResult): string[] {
  const wrong = (['cleanTeardown', 'noSecretLeak'] as const).filter((flag) => flags[flag] !== found.flags[flag])
  const left = flags.cleanTeardown ? found.leaks.map((leak) => `left behind: ${leak}`) : []
  return [...wrong.map((flag) => `flag ${flag}: expected ${flags[flag]}, found ${found.flags[flag]}`), ...left]
}
