import { RecipeError } from '../../lib/errors.ts'
import { resolveRelease } from '../../recipe/repository/repo.ts'
import { CAUSES, type Cause, cause } from '../../verdict/causes.ts'
import { isCauseCode } from '../context.ts'
import { type Head, type PlanRequest, planHead, type RunPlan } from '../plan.ts'
import { type CanonicalOptions, planWithCanonical } from '../stored-data/with-canonical.ts'
import { parseChain } from './chain.ts'
import type { Leg } from './requested-bases.ts'

/** Where an upgrade starts, as far as it is known. */
export interface LegBase {
  readonly version: string
  readonly commit: string
  /** Releases on the way to head. */
  readonly via: readonly string[]
}

export type PlannedLeg = { readonly leg: Leg; readonly base: LegBase } & (
  | { readonly kind: 'judged'; readonly plan: RunPlan }
  /** Known before anything is deployed; `skip`: nobody named it, and there is nothing to judge. */
  | { readonly kind: 'unverified'; readonly plan: RunPlan | null; readonly cause: Cause }
  | { readonly kind: 'skip'; readonly plan: RunPlan; readonly reason: string }
)

/** Throws what planning head alone throws, and UsageError for a leg that names nothing; what is wrong with the files of a release is kept. */
export async function planLegs(
  head: Head,
  request: PlanRequest,
  { legs, wish }: { readonly legs: readonly Leg[]; readonly wish: CanonicalOptions },
): Promise<PlannedLeg[]> {
  await planHead(head, { ...request, base: 'none' })
  const planned: PlannedLeg[] = []
  for (const leg of legs) planned.push(await planLeg(head, request, { leg, wish }))
  return planned
}

async function planLeg(
  head: Head,
  request: PlanRequest,
  { leg, wish }: { readonly leg: Leg; readonly wish: CanonicalOptions },
): Promise<PlannedLeg> {
  const { name, commit } = await resolveRelease(head.repo, parseChain(leg.base)?.first ?? leg.base)
  const bare: LegBase = { version: name, commit, via: parseChain(leg.base)?.stops ?? [] }
  try {
    const plan = await planWithCanonical(head, { ...request, base: leg.base, oneOfSeveral: true }, wish)
    return judgedLeg(leg, bare, plan)
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error
    return { kind: 'unverified', leg, base: bare, plan: null, cause: unreadable(name, error) }
  }
}

function judgedLeg(leg: Leg, bare: LegBase, plan: RunPlan): PlannedLeg {
  const { base } = plan
  const ref = 'ref' in base ? base.ref : null
  const known = ref
    ? { version: ref.version, commit: ref.commit, via: (ref.via ?? []).map((step) => step.version) }
    : bare
  const common = { leg, base: known, plan }
  if (base.kind === 'unresolved') return { kind: 'unverified', ...common, cause: base.cause }
  if (base.kind !== 'no-delta') return { kind: 'judged', ...common }
  if (!leg.named) return { kind: 'skip', ...common, reason: 'runs the same as head: there is nothing to upgrade' }
  return {
    kind: 'unverified',
    ...common,
    cause: cause('no-version-delta', `${known.version} runs exactly what head runs`),
  }
}

function unreadable(version: string, error: RecipeError): Cause {
  const code = isCauseCode(error.code, CAUSES) ? error.code : 'compose-invalid'
  return cause(code, `the base version ${version} cannot be read: ${error.message}`, {
    blame: 'recipe',
    hint: `${error.hint ?? ''} This is a released version, not your change.`.trim(),
  })
}
