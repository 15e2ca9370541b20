import type { Canary } from './canary.ts'
import type { RecipeStep } from './recipe-step.ts'
import { type Tweak, tinyRecipe } from './tiny.ts'

/** The commits of a canary's recipe. */
export function canarySteps(name: string, { base = {}, head = {}, both = {}, sameAsBase }: Canary): RecipeStep[] {
  return tinyRecipe({ name, base: base && merged(base, both), head: merged(head, both), sameAsBase })
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
