import { RecipeError } from '../lib/errors.ts'
import type { SourceLocation } from '../lib/text/source-location.ts'

export function invalid(message: string, where: SourceLocation, hint?: string): RecipeError {
  return new RecipeError('config-invalid', message, { where, ...(hint ? { hint } : {}) })
}
