import { join } from 'node:path'
import { type RunMemory, runMemory } from '../../deploy/run-memory.ts'
import { readApprovals } from '../../gate/approvals.ts'
import { expectationsOf } from '../../history/flakes/expectations.ts'
import { readRunIndex } from '../../history/run-index.ts'
import { fromEnvironment } from '../../lib/environment.ts'
import { withScratch } from '../../lib/files/scratch.ts'
import { newRunId } from '../../lib/ids.ts'
import { parseSize } from '../../lib/text/size.ts'
import { checkOutHead, type Head, type PlanRequest, type RunPlan } from '../../lifecycle/plan.ts'
import { type CanonicalOptions, planWithCanonical } from '../../lifecycle/stored-data/with-canonical.ts'
import { stateDir } from '../../machine/state-dir.ts'
import { refuseBadImages } from '../../recipe/stack/bad-images.ts'
import type { Expectations } from '../../verdict/events.ts'
import { QUICK_TIERS } from '../../verdict/tiers.ts'
import type { RecipeOptions } from '../program/options.ts'
import { canonicalStore } from './canonical-store.ts'
import { whilePlanning } from './while-planning.ts'

/** Plans in a folder of its own and removes it again: for commands that only look. */
export function withPlan<T>(recipe: string, options: RecipeOptions, use: (plan: RunPlan) => Promise<T>): Promise<T> {
  return withHead(recipe, options, async (head, request, planning) => {
    const plan = await planning(() => planWithCanonical(head, request, canonicalOptions(options)))
    refuseBadImages(plan.head.stack)
    return use(plan)
  })
}

/** See `whilePlanning`. */
type WhilePlanning = <T>(act: () => Promise<T>) => Promise<T>

/** The same for a recipe that may be one that cannot be planned. */
export async function withHead<T>(
  recipe: string,
  options: RecipeOptions,
  use: (head: Head, request: PlanRequest, planning: WhilePlanning) => Promise<T>,
): Promise<T> {
  return withScratch('plan', async (dir) => {
    const planning: WhilePlanning = (act) => whilePlanning(act)
    const folder = {
      checkout: join(dir, 'checkout'),
      checkoutBase: join(dir, 'checkout-base'),
      checkoutVia: join(dir, 'checkout-via'),
      tmp: dir,
    }
    const request = { ...planRequestOf(recipe, options), runId: newRunId(Date.now()), folder }
    return use(await planning(() => checkOutHead(request)), request, planning)
  })
}

/** What the command line says about the recipe and about what of it may run; the same for every command that plans. */
export function planRequestOf(recipe: string, options: RecipeOptions): Omit<PlanRequest, 'runId' | 'folder'> {
  const { ref, base, recipes, approveCode, allow, origin, quick = false, rollback } = options
  const only = quick ? QUICK_TIERS : options.only
  return {
    ...{ recipe, ref, base, only, quick, origin, rollback },
    operatorDir: recipes,
    approvals: readApprovals(stateDir(options.state)),
    remembered: rememberedIn(stateDir(options.state)),
    approveOnce: approveCode === true,
    allow: allow ?? [],
    memory: memoryOf(options),
  }
}

/** Throws UsageError `bad-size` for a variable that is none. */
function memoryOf({ runMemory: bytes }: RecipeOptions): RunMemory {
  if (bytes !== undefined) return runMemory({ bytes, from: '--run-memory' })
  const given = fromEnvironment('CC_CI_RUN_MEMORY') ?? ''
  if (given.trim() === '') return runMemory()
  return runMemory({ bytes: parseSize(given), from: 'CC_CI_RUN_MEMORY' })
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
export function canonicalOptions({ state, fromCanonical, canonical }: RecipeOptions): CanonicalOptions {
  return {
    library: canonicalStore(stateDir(state)),
    use: fromCanonical ? 'yes' : canonical === false ? 'no' : 'auto',
  }
}
