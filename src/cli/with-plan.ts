import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newRunId } from '../lib/ids.ts'
import { planRun, type RunPlan } from '../lifecycle/plan.ts'
import type { RecipeOptions } from './program.ts'

/** Plans in a folder of its own and removes it again: for commands that only look. */
export async function withPlan<T>(
  recipe: string,
  options: RecipeOptions,
  use: (plan: RunPlan) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-plan-'))
  try {
    const folder = { checkout: join(dir, 'checkout'), checkoutBase: join(dir, 'checkout-base'), tmp: dir }
    const { ref, base, only, recipes } = options
    return await use(
      await planRun({ recipe, ref, base, only, operatorDir: recipes, runId: newRunId(Date.now()), folder }),
    )
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
