import { InternalError } from '../lib/errors.ts'
import type { Blame, CauseCode } from '../verdict/causes.ts'
import type { CheckIdentity, CheckRef } from '../verdict/checks.ts'
import type { Results, TierResult, Verdict } from '../verdict/results.ts'
import { TIERS, type TierId } from '../verdict/tiers.ts'

/** What a run came to, in the words of `ExpectedResult`. */
export interface ActualResult {
  readonly tier: TierId | null
  readonly cause: string | null
  readonly verdict: Verdict | 'refused'
  readonly blame: Blame | string | null
  readonly exitCode: number | null
  readonly decidedBy: CheckRef | CheckIdentity | null
  /** The checks that passed, by tier. */
  readonly checks: Readonly<Partial<Record<TierId, readonly (CheckRef | CheckIdentity)[]>>>
  /** The deciding check says what the machine had left. */
  readonly machineTold: boolean
  readonly causes: Readonly<Partial<Record<TierId, CauseCode>>>
  readonly findings: readonly string[]
  readonly flags: { readonly cleanTeardown: boolean; readonly noSecretLeak: boolean }
  readonly leaks: readonly string[]
  /** Message and lines of the deciding cause. */
  readonly words: string
  /** How often the recipe was judged. */
  readonly attempts: number
}

/** The results of a run that came to its end. */
export function actualResult(results: Results, exitCode: number | null): ActualResult {
  const decisive = decisiveTier(results)
  const { tiers, verdict, findings, flags, leaks } = results
  const { cause } = decisive ?? {}
  const stopped = decisive?.checks.find(({ outcome, cause: why }) => outcome !== 'pass' && why?.code === cause?.code)
  return {
    tier: decisive?.id ?? null,
    cause: cause?.code ?? null,
    verdict,
    blame: cause?.blame ?? null,
    exitCode,
    decidedBy: stopped ? identify(stopped) : null,
    machineTold: stopped?.machine !== undefined,
    checks: Object.fromEntries(tiers.map(({ id, checks }) => [id, passed(checks)])),
    causes: Object.fromEntries(tiers.flatMap(({ id, cause: why }) => (why ? [[id, why.code]] : []))),
    findings: findings.map(({ code }) => code),
    flags,
    leaks: leaks.map(({ kind, name }) => `${kind} ${name}`),
    words: cause ? [cause.message, ...cause.lines].join('\n') : '',
    attempts: 1 + (results.attempts?.length ?? 0),
  }
}

/** A command that refused to begin a run: what it printed as JSON. */
export function actualRefusal(
  { code, blame, message }: { code: string; blame: string; message: string },
  exitCode: number | null,
): ActualResult {
  return {
    ...{
      tier: null,
      cause: code,
      verdict: 'refused',
      blame,
      exitCode,
      decidedBy: null,
      words: message,
      machineTold: false,
      attempts: 0,
    },
    ...{ checks: {}, causes: {}, findings: [], leaks: [], flags: { cleanTeardown: true, noSecretLeak: true } },
  }
}

/** The first that fails, else the first that could not be judged; what decides its rung alone only where nothing else decides. */
function decisiveTier({ tiers, verdict }: Results): TierResult | undefined {
  if (verdict === 'pass') return undefined
  const always = ({ id }: TierResult) => TIERS[id].decides === 'always'
  const judged = [...tiers.filter(always), ...tiers.filter((tier) => !always(tier))]
  return judged.find(({ status }) => status === 'fail') ?? judged.find(({ status }) => status === 'unverified')
}

function passed(checks: TierResult['checks']): CheckIdentity[] {
  return checks.filter(({ outcome }) => outcome === 'pass').map(identify)
}

/** Canaries are run by this version, whose checks all have ids. */
function identify({ id, subject, after, name }: TierResult['checks'][number]): CheckIdentity {
  if (id === undefined) throw new InternalError('check-without-id', `the check "${name}" has no id`)
  return { id, subject, after }
}
