import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readApprovals } from '../gate/approvals.ts'
import { expectationsOf } from '../history/flakes/taken.ts'
import { readRunIndex } from '../history/run-index.ts'
import { newRunId } from '../lib/ids.ts'
import { checkOutHead, type Head, type PlanRequest, type RunPlan } from '../lifecycle/plan.ts'
import { type CanonicalWish, planWithCanonical } from '../lifecycle/with-canonical.ts'
import { stateDir } from '../machine/state-dir.ts'
import { refuseBadImages } from '../recipe/bad-images.ts'
import type { Expectations } from '../verdict/events.ts'
import { QUICK_TIERS } from '../verdict/tiers.ts'
import { canonicalStore } from './canonical-store.ts'
import type { RecipeOptions } from './program/options.ts'

/** Plans in a folder of its own and removes it again: for commands that only look. */
export function withPlan<T>(recipe: string, options: RecipeOptions, use: (plan: RunPlan) => Promise<T>): Promise<T> {
  return withHead(recipe, options, async (head, request) => {
    const plan = await planWithCanonical(head, request, wishOf(options))
    refuseBadImages(plan.head.stack)
    return use(plan)
  })
}

/** The same for a recipe that may be one that cannot be planned. */
export async function withHead<T>(
  recipe: string,
  options: RecipeOptions,
  use: (head: Head, request: PlanRequest) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-plan-'))
  try {
    const folder = {
      checkout: join(dir, 'checkout'),
      checkoutBase: join(dir, 'checkout-base'),
      checkoutVia: join(dir, 'checkout-via'),
      tmp: dir,
    }
    const request = { ...requestOf(recipe, options), runId: newRunId(Date.now()), folder }
    return await use(await checkOutHead(request), request)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** What the command line says about the recipe and about what of it may run; the same for every command that plans. */
export function requestOf(recipe: string, options: RecipeOptions): Omit<PlanRequest, 'runId' | 'folder'> {
  const { ref, base, recipes, approveCode, allow, origin, quick = false, rollback } = options
  const only = quick ? QUICK_TIERS : options.only
  return {
    ...{ recipe, ref, base, only, quick, origin, rollback },
    operatorDir: recipes,
    approvals: readApprovals(stateDir(options.state)),
    remembered: rememberedIn(stateDir(options.state)),
    approveOnce: approveCode === true,
    allow: allow ?? [],
  }
}

/** Read once, however often the recipe is planned. */
function rememberedIn(state: string): (recipe: string) => Expectations | null {
  const known = new Map<string, Expectations | null>()
  return (recipe) => {
    const found = known.get(recipe) ?? expectationsOf(readRunIndex(state).runs, { recipe, at: Date.now() })
    known.set(recipe, found)
    return found
  }
}

/** What the command line says about the data that the run begins with. */
export function wishOf({ state, fromCanonical, canonical }: RecipeOptions): CanonicalWish {
  return {
    library: canonicalStore(stateDir(state)),
    use: fromCanonical ? 'yes' : canonical === false ? 'no' : 'auto',
  }
}
