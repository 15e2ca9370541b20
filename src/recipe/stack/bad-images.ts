import { RecipeError, RecipeErrors } from '../../lib/errors.ts'
import { isImageReference } from '../compose/image-reference.ts'
import type { ResolvedStack } from '../model.ts'

export interface BadImage {
  readonly service: string
  readonly problem: RecipeError
}

/**
 * What the docker CLI reads and no engine takes: images whose name is none. `lint` and `plan` end with it; a run deploys and judges, and its install
 * fails with it, as it does for operators.
 */
export function badImages({ model, place }: ResolvedStack): BadImage[] {
  return Object.entries(model.services).flatMap(([service, { image = '' }]) => {
    if (isImageReference(image)) return []
    const where = place(['services', service, 'image'])
    const problem = new RecipeError(
      'compose-invalid',
      `services.${service}.image is "${image}", which is not the name of an image`,
      {
        ...(where ? { where } : {}),
        hint: 'Write name:tag in small letters. A variable without a value leaves its place empty: set it in .env.sample.',
      },
    )
    return [{ service, problem }]
  })
}

/** Throws RecipeErrors where there is any. */
export function refuseBadImages(stack: ResolvedStack): void {
  const found = badImages(stack)
  if (found.length > 0) throw new RecipeErrors(found.map(({ problem }) => problem))
}
