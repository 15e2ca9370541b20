import { canarySteps } from '../../../src/canaries/canary-recipe.ts'
import { buildRepository } from '../../../src/canaries/repository.ts'
import { CANARIES } from '../../../src/canaries/set/index.ts'
import { UsageError } from '../../../src/lib/errors.ts'

/** One fault whose time to the verdict is measured. */
export interface Planted {
  /** What the row of the table is called. */
  readonly cause: string
  /** The canary, by its name. */
  readonly recipe: string
  /** True: head is deployed over a healthy release. */
  readonly upgrade?: boolean
}

/** The causes that must be told within seconds, and a healthy recipe to compare with. */
export const PLANTED: readonly Planted[] = [
  { cause: 'crash loop', recipe: 'crash-loop' },
  { cause: 'rejected task', recipe: 'unknown-command' },
  { cause: 'image that cannot be had', recipe: 'missing-image' },
  { cause: 'failed one-shot', recipe: 'one-shot-failed' },
  { cause: 'no suitable node', recipe: 'no-node' },
  { cause: 'rolled back', recipe: 'rolled-back', upgrade: true },
  { cause: 'none: healthy', recipe: 'healthy', upgrade: true },
]

/** Makes the recipe's repository in `dir`. */
export async function plant({ recipe }: Planted, dir: string): Promise<void> {
  const canary = CANARIES[recipe]
  if (!canary) throw new UsageError('unknown-canary', `there is no canary ${recipe}`)
  await buildRepository(canarySteps(recipe, canary), dir)
}
