import { RecipeError } from '../lib/errors.ts'
import type { Place } from '../lib/place.ts'

export function invalid(message: string, where: Place, hint?: string): RecipeError {
  return new RecipeError('config-invalid', message, { where, ...(hint ? { hint } : {}) })
}
