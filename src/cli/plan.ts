import { parseBases } from '../lifecycle/base/requested-bases.ts'
import { planSeveral } from './plan-several.ts'
import type { RecipeOptions } from './program/options.ts'
import { planJson, planText } from './support/plan-view.ts'
import { withPlan } from './support/with-plan.ts'

/** `cc-ci plan`: every decision a run would make, each with its reason. */
export function plan(recipe: string, options: RecipeOptions): Promise<number> {
  const bases = parseBases(options.base)
  if (bases.kind === 'several') return planSeveral(recipe, options, bases.requested)
  return withPlan(recipe, options, async (plan) => {
    process.stdout.write(options.json ? `${JSON.stringify(planJson(plan), null, 2)}\n` : `${planText(plan)}\n`)
    return 0
  })
}
