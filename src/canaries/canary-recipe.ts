import type { Canary } from './canary.ts'
import type { RecipeStep } from './recipe-step.ts'
import { shaped, shapeOf } from './shapes.ts'
import { type Tweak, tinyRecipe } from './tiny.ts'

/** The commits of a canary's recipe. */
export function canarySteps(name: string, canary: Canary): RecipeStep[] {
  const { recipe, shape = shapeOf(name), base = {}, between, head = {}, both = {}, sameAsBase } = canary
  if (recipe) return recipe(name)
  const release = (own: Tweak) => shaped(merged(own, both), shape)
  const releases = { base: base && release(base), between: between && release(between), head: release(head) }
  return tinyRecipe({ name, ...releases, sameAsBase })
}

function merged(own: Tweak, both: Tweak): Tweak {
  return {
    serve: own.serve ?? both.serve,
    env: `${both.env ?? ''}${own.env ?? ''}`,
    files: { ...both.files, ...own.files },
    compose(compose) {
      both.compose?.(compose)
      own.compose?.(compose)
    },
  }
}
