import { EXIT } from '../lib/errors.ts'
import type { Blame, CauseCode } from '../verdict/causes.ts'
import { type CheckIdentity, type CheckRef, checkKey, identityOf } from '../verdict/checks.ts'
import { TIER_IDS, type TierId } from '../verdict/tiers.ts'
import type { ExpectedResult } from './canary.ts'

type Checks = Readonly<Partial<Record<TierId, readonly CheckRef[]>>>

/** What looks at the app on its empty volumes, before the restore. */
const AS_NEW = { kind: 'lose' } as const

/** The checks of a whole life, in the order in which they run. A tier that gains a generic check gains it here: all canaries ask for it. */
export const WHOLE_LIFE = {
  lint: ['lint-clean'],
  install: ['images-resolved', 'converged', 'task-answers', 'page-shown', 'stayed-up'],
  upgrade: [
    'converged',
    'head-runs',
    'delta-runs',
    'task-answers',
    'page-shown',
    'still-there',
    'data-kept',
    'stayed-up',
  ],
  backup: ['snapshot-covers', 'dumps-whole', 'stayed-up'],
  restore: [
    { id: 'converged', after: AS_NEW },
    { id: 'task-answers', after: AS_NEW },
    'files-restored',
    'converged',
    'task-answers',
    'data-kept',
    'stayed-up',
  ],
  // Only where a recipe asks for them.
  functional: [],
  integration: [],
  resilience: [{ id: 'converged', after: { kind: 'redeploy' } }, 'redeploy-idle', 'data-kept', 'stayed-up'],
  // Only where it is asked for.
  rollback: [],
  teardown: ['nothing-left'],
} as const satisfies Record<TierId, readonly CheckRef[]>

/** The checks of a way back, in their order: for canaries that ask for one. */
export const WAY_BACK = [
  { id: 'converged', after: AS_NEW },
  { id: 'task-answers', after: AS_NEW },
  'files-restored',
  'converged',
  'task-answers',
  'base-runs-again',
  'data-kept',
  'stayed-up',
] as const satisfies readonly CheckRef[]

/** The tiers of a life in the order in which they run; the teardown ends every one. */
const ORDER = TIER_IDS.filter((tier) => WHOLE_LIFE[tier].length > 0 && tier !== 'teardown')

export interface Life {
  /** The tiers that were asked for with `--only`, and what they need. Default: all. */
  readonly only?: readonly TierId[]
  /** Tiers that this recipe has nothing for. */
  readonly without?: readonly TierId[]
  /** Checks that this recipe has nothing for, in whatever tier. */
  readonly unchecked?: readonly CheckRef[]
  /** Checks that only this recipe has, by tier. */
  readonly besides?: Checks
  readonly findings?: readonly string[]
}

/** A recipe that must stay green. */
export function passes(life: Life = {}): ExpectedResult {
  return {
    ...{ tier: null, cause: null, verdict: 'pass', blame: null, exitCode: EXIT.pass, decidedBy: null },
    checks: checksOf(life),
    ...(life.findings ? { findings: life.findings } : {}),
  }
}

export interface ExpectedStop extends Life {
  /** Default: `recipe`, which is a `fail`; any other is `unverified`. */
  readonly blame?: Blame
  /** Default: by the blame. */
  readonly verdict?: 'fail' | 'unverified'
  readonly also?: ExpectedResult['also']
  /** Checks of the deciding tier that pass before it. Default: those that stand before the deciding one in a whole life. */
  readonly after?: readonly CheckRef[]
  readonly says?: RegExp
}

/** A run that is decided in this tier by this check: everything before has passed, and what is left is gone. */
export function stops(
  tier: TierId,
  cause: CauseCode,
  decidedBy: CheckRef | null,
  stop: ExpectedStop = {},
): ExpectedResult {
  const { blame = 'recipe', also, says, findings } = stop
  const verdict = stop.verdict ?? (blame === 'recipe' ? 'fail' : 'unverified')
  return {
    ...{ tier, cause, verdict, blame, exitCode: EXIT[verdict], decidedBy },
    checks: checksOf(stop, { tier, decidedBy, after: stop.after }),
    ...(also ? { also } : {}),
    ...(says ? { says } : {}),
    ...(findings ? { findings } : {}),
  }
}

/** What must come out of any number of tiers, for whichever of these causes: as soon as the sign is there, and not before. */
export function ends(
  [tier, ...tiers]: readonly [TierId, ...TierId[]],
  [code, ...causes]: readonly [CauseCode, ...CauseCode[]],
  {
    blame = 'recipe',
    ...more
  }: Pick<ExpectedStop, 'blame'> & Pick<ExpectedResult, 'withinSeconds' | 'findings' | 'says'> = {},
): ExpectedResult {
  const verdict = blame === 'recipe' ? 'fail' : 'unverified'
  return {
    ...{ tier, cause: code, or: { tiers, causes }, verdict, blame, exitCode: EXIT[verdict] },
    checks: { teardown: WHOLE_LIFE.teardown },
    ...more,
  }
}

/** What cannot even be planned: nothing is made, no run is kept. */
export function refused(cause: CauseCode): ExpectedResult {
  return { tier: null, cause, verdict: 'refused', blame: 'recipe', exitCode: EXIT.usage, checks: {}, decidedBy: null }
}

interface End {
  readonly tier: TierId
  readonly decidedBy: CheckRef | null
  readonly after?: readonly CheckRef[]
}

function checksOf({ only = ORDER, without = [], unchecked = [], besides = {} }: Life, end?: End): Checks {
  const last = end && ORDER.includes(end.tier) ? ORDER.indexOf(end.tier) : ORDER.length - 1
  const life: Checks = WHOLE_LIFE
  const rows = [...ORDER.slice(0, last + 1).filter((tier) => only.includes(tier)), 'teardown' as const]
    .filter((tier) => !without.includes(tier))
    .map((tier) => {
      const all = [...(life[tier] ?? []), ...(besides[tier] ?? [])]
      const ran = end && tier === end.tier ? (end.after ?? before(all, end.decidedBy)) : all
      return [tier, ran.filter((check) => !isAmong(unchecked, { ...identityOf(check), after: undefined }))] as const
    })
  return { ...onlyElsewhere(besides), ...Object.fromEntries(rows) }
}

/** Those before the one that decided; a check that is not in the list comes before all others. */
function before(all: readonly CheckRef[], decidedBy: CheckRef | null): readonly CheckRef[] {
  if (decidedBy === null) return all
  const key = checkKey(decidedBy)
  return all.slice(
    0,
    Math.max(
      0,
      all.findIndex((check) => checkKey(check) === key),
    ),
  )
}

function isAmong(checks: readonly CheckRef[], check: CheckIdentity): boolean {
  return checks.some((one) => checkKey(one) === checkKey(check))
}

function onlyElsewhere(besides: Checks): Checks {
  return Object.fromEntries(Object.entries(besides).filter(([tier]) => WHOLE_LIFE[tier as TierId].length === 0))
}
