import { RecipeError, RecipeErrors } from '../lib/errors.ts'
import type { AppEnv, EnvEntry, RecipeTree, ResolvedStack, SecretSpec } from './model.ts'
import { isCharset } from './secret-value.ts'

/** The engine's limit for the name of a secret. */
export const MAX_SECRET_NAME = 64

/**
 * The external secrets that services of the stack use, in the order of the compose file. Length, charset and `generate` come
 * from the modifiers of `SECRET_<NAME>_VERSION` in `.env.sample`, active or commented. Throws RecipeErrors with `secret-name-long`.
 */
export function secretSpecs(tree: RecipeTree, _env: AppEnv, stack: ResolvedStack): SecretSpec[] {
  const used = new Set(
    Object.values(stack.model.services).flatMap(({ secrets }) => (secrets ?? []).map(({ source }) => source)),
  )
  const errors: RecipeError[] = []
  const specs = Object.entries(stack.model.secrets).flatMap(([key, { external, name = key }]) => {
    if (!external || !used.has(key)) return []
    const where = stack.place(['secrets', key, 'name'])
    if (name.length > MAX_SECRET_NAME) errors.push(tooLong(key, name, where))
    return [specOf(tree, key, name, where)]
  })
  if (errors.length > 0) throw new RecipeErrors(errors)
  return specs
}

/** The line of `.env.sample` that sets the version of a secret, with its modifiers; the last active one, else a commented one. */
export function secretEntry(tree: RecipeTree, key: string): EnvEntry | undefined {
  const variable = secretVariable(key)
  const isIt = (entry: EnvEntry) => entry.key === variable
  return tree.env.entries.findLast(isIt) ?? tree.env.optional.findLast(isIt)
}

/** `SECRET_<NAME>_VERSION`. */
export function secretVariable(key: string): string {
  return `SECRET_${key.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_VERSION`
}

function specOf(tree: RecipeTree, key: string, name: string, where: SecretSpec['place']): SecretSpec {
  const entry = secretEntry(tree, key)
  const length = Number(entry?.modifiers.get('length'))
  const charset = entry?.modifiers.get('charset')
  const place = entry?.place ?? where
  return {
    key,
    name,
    ...(Number.isInteger(length) && length > 0 && length <= 10_000 ? { length } : {}),
    ...(charset !== undefined && isCharset(charset) ? { charset } : {}),
    generate: entry?.modifiers.get('generate') !== 'false',
    ...(place ? { place } : {}),
  }
}

function tooLong(key: string, name: string, where: SecretSpec['place']): RecipeError {
  const message = `the secret ${key} gets the name ${name} of ${name.length} characters; the engine allows ${MAX_SECRET_NAME}`
  return new RecipeError('secret-name-long', message, {
    hint: 'Shorten the name of the secret.',
    ...(where ? { where } : {}),
  })
}
