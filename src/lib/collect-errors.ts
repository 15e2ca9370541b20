import { RecipeError, RecipeErrors } from './errors.ts'

/** What `read` gives, or null with the problems that it threw added to `errors`. */
export async function collectErrors<T>(errors: RecipeError[], read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof RecipeErrors) errors.push(...error.errors)
    else if (error instanceof RecipeError) errors.push(error)
    else throw error
    return null
  }
}
