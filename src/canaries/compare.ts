import { type CheckIdentity, type CheckRef, checkKey, checkTitle } from '../verdict/checks.ts'
import { TIER_IDS, type TierId } from '../verdict/tiers.ts'
import type { Expected } from './canary.ts'
import type { Found } from './found.ts'

const CLEAN = { cleanTeardown: true, noSecretLeak: true }

/** What is other than expected, one line each; empty when all is as it must be. */
export function differences(expected: Expected, found: Found): string[] {
  return [
    ...plain(expected, found),
    ...missingChecks(expected, found),
    ...otherCauses(expected, found),
    ...(expected.findings ?? [])
      .filter((code) => !found.findings.includes(code))
      .map((code) => `finding ${code} is missing`),
    ...words(expected, found),
    ...traces(expected, found),
  ]
}

function plain(expected: Expected, found: Found): string[] {
  const decided = {
    of: expected.decidedBy && checkKey(expected.decidedBy),
    by: found.decidedBy && checkKey(found.decidedBy),
  }
  const keys = ['verdict', 'tier', 'cause', 'blame', 'exitCode'] as const
  return [
    ...keys
      .filter((key) => expected[key] !== found[key])
      .map((key) => `${NAMES[key]}: expected ${expected[key]}, found ${found[key]}`),
    ...(decided.of === decided.by
      ? []
      : [`deciding check: expected ${titleOf(expected.decidedBy)}, found ${titleOf(found.decidedBy)}`]),
  ]
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

function missingChecks({ checks }: Expected, found: Found): string[] {
  return TIER_IDS.flatMap((tier) => {
    const ran = new Set((found.checks[tier] ?? []).map(checkKey))
    const missing = (checks[tier] ?? []).filter((check) => !ran.has(checkKey(check)))
    return missing.map((check) => `${tier}: the check "${checkTitle(check)}" did not run or did not pass`)
  })
}

function otherCauses({ also = {} }: Expected, { causes }: Found): string[] {
  return (Object.keys(also) as TierId[])
    .filter((tier) => also[tier] !== causes[tier])
    .map((tier) => `${tier}: expected ${also[tier]}, found ${causes[tier] ?? 'no cause'}`)
}

function words({ says, tier, decidedBy }: Expected, found: Found): string[] {
  const silent = says && !says.test(found.words) ? [`the cause does not say ${says}`] : []
  const judged = tier !== null && tier !== 'teardown' && decidedBy !== null
  return judged && !found.machineTold ? [...silent, 'the cause does not say what the machine had left'] : silent
}

function traces({ flags = CLEAN }: Expected, found: Found): string[] {
  const wrong = (['cleanTeardown', 'noSecretLeak'] as const).filter((flag) => flags[flag] !== found.flags[flag])
  const left = flags.cleanTeardown ? found.leaks.map((leak) => `left behind: ${leak}`) : []
  return [...wrong.map((flag) => `flag ${flag}: expected ${flags[flag]}, found ${found.flags[flag]}`), ...left]
}
