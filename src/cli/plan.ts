import { parseBases } from '../lifecycle/bases.ts'
import { planSeveral } from './plan-several.ts'
import { planJson, planText } from './plan-view.ts'
import type { RecipeOptions } from './program/options.ts'
import { withPlan } from './with-plan.ts'

/** `cc-ci plan`: every decision a run would make, each with its reason. */
export function plan(recipe: string, options: RecipeOptions): Promise<number> {
  const bases = parseBases(options.base)
  if (bases.kind === 'several') return planSeveral(recipe, options, bases.asked)
  return withPlan(recipe, options, async (plan) => {
    process.stdout.write(options.json ? `${JSON.stringify(planJson(plan), null, 2)}\n` : `${planText(plan)}\n`)
    return 0
  })
}
