import { RecipeError, RecipeErrors } from '../lib/errors.ts'
import { isImageReference } from './compose/image-reference.ts'
import type { ResolvedStack } from './model.ts'

/**
 * What the docker CLI reads and no engine takes: images whose name is none. `lint` and `plan` end with it; a run deploys and judges, and its install
 * fails with it, as it does for operators.
 */
export function badImages({ model, place }: ResolvedStack): RecipeError[] {
  return Object.entries(model.services).flatMap(([name, { image = '' }]) => {
    if (isImageReference(image)) return []
    const where = place(['services', name, 'image'])
    return [
      new RecipeError('compose-invalid', `services.${name}.image is "${image}", which is not the name of an image`, {
        ...(where ? { where } : {}),
        hint: 'Write name:tag in small letters. A variable without a value leaves its place empty: set it in .env.sample.',
      }),
    ]
  })
}

/** Throws RecipeErrors where there is any. */
export function refuseBadImages(stack: ResolvedStack): void {
  const found = badImages(stack)
  if (found.length > 0) throw new RecipeErrors(found)
}
