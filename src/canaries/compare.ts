import { TIER_IDS, type TierId } from '../verdict/tiers.ts'
import type { Expected } from './canary.ts'
import type { Found } from './found.ts'

const CLEAN = { cleanTeardown: true, noSecretLeak: true }
/** What `judgeTier` records beside every check that does not pass. */
const MACHINE_LINE = /^machine: load [\d. ]+ on \d+ processors, .* GiB disk free$/m

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
  const keys = ['verdict', 'tier', 'cause', 'blame', 'decidedBy', 'exitCode'] as const
  return keys
    .filter((key) => expected[key] !== found[key])
    .map((key) => `${NAMES[key]}: expected ${expected[key]}, found ${found[key]}`)
}

const NAMES = {
  verdict: 'verdict',
  tier: 'tier',
  cause: 'cause',
  blame: 'blame',
  decidedBy: 'deciding check',
  exitCode: 'exit code',
} as const

function missingChecks({ checks }: Expected, found: Found): string[] {
  return TIER_IDS.flatMap((tier) => {
    const ran = found.checks[tier] ?? []
    const missing = (checks[tier] ?? []).filter((name) => !ran.includes(name))
    return missing.map((name) => `${tier}: the check "${name}" did not run or did not pass`)
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
  return judged && !MACHINE_LINE.test(found.words)
    ? [...silent, 'the cause does not say what the machine had left']
    : silent
}

function traces({ flags = CLEAN }: Expected, found: Found): string[] {
  const wrong = (['cleanTeardown', 'noSecretLeak'] as const).filter((flag) => flags[flag] !== found.flags[flag])
  const left = flags.cleanTeardown ? found.leaks.map((leak) => `left behind: ${leak}`) : []
  return [...wrong.map((flag) => `flag ${flag}: expected ${flags[flag]}, found ${found.flags[flag]}`), ...left]
}
