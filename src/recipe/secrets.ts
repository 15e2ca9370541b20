import { RecipeError, RecipeErrors } from '../lib/errors.ts'
import type { Place } from '../lib/place.ts'
import { variablesOf } from './compose/interpolate.ts'
import { isDataMap } from './compose/source.ts'
import type { AppEnv, EnvEntry, RecipeTree, ResolvedStack, SecretSpec } from './model.ts'
import { didYouMean } from './nearest.ts'
import { isCharset } from './secret-value.ts'

/** The engine's limit for the name of a secret. */
const MAX_SECRET_NAME = 64

const MODIFIERS = ['length', 'charset', 'generate'] as const

/**
 * The external secrets that services of the stack use, in the order of the compose file. Length, charset and `generate` come
 * from the modifiers of the version variable in `.env.sample`, active or commented. An unknown charset counts as the default
 * (lint CC11 warns). Throws RecipeErrors: `secret-name-long`, `secret-modifier` for an unknown modifier or value.
 */
export function secretSpecs(tree: RecipeTree, _env: AppEnv, stack: ResolvedStack): SecretSpec[] {
  const errors: RecipeError[] = []
  const specs = usedSecrets(stack).map(({ key, name }) => {
    const where = stack.place(['secrets', key, 'name'])
    if (name.length > MAX_SECRET_NAME) errors.push(tooLong(key, name, where))
    const entry = secretEntry(tree, stack, key)
    if (entry) errors.push(...modifierProblems(entry))
    return specOf({ key, name, entry, where })
  })
  if (errors.length > 0) throw new RecipeErrors(errors)
  return specs
}

/** External secrets that some service uses. */
export function usedSecrets(stack: ResolvedStack): { key: string; name: string }[] {
  const used = new Set(
    Object.values(stack.model.services).flatMap(({ secrets }) => (secrets ?? []).map(({ source }) => source)),
  )
  const entries = Object.entries(stack.model.secrets).filter(([key, { external }]) => external && used.has(key))
  return entries.map(([key, { name = key }]) => ({ key, name }))
}

/** The line of `.env.sample` that sets the version of a secret, with its modifiers; the last active one, else a commented one. */
export function secretEntry(tree: RecipeTree, stack: ResolvedStack, key: string): EnvEntry | undefined {
  const variables = new Set(secretVariables(stack, key))
  const isIt = (entry: EnvEntry) => variables.has(entry.key)
  return tree.env.entries.findLast(isIt) ?? tree.env.optional.findLast(isIt)
}

/** The version variables in the name of a secret as written; `SECRET_<KEY>_VERSION` when its name has none. */
export function secretVariables(stack: ResolvedStack, key: string): string[] {
  const written = rawName(stack, 'secrets', key)
  const found = variablesOf(written).flatMap(({ name }) => (/^SECRET_\w+_VERSION$/.test(name) ? [name] : []))
  return found.length > 0 ? found : [`SECRET_${key.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_VERSION`]
}

/** The `name:` of a config or secret as the last compose file that has it wrote it; empty without one. */
export function rawName(stack: ResolvedStack, section: 'configs' | 'secrets', key: string): string {
  const written = (stack.sources ?? []).flatMap(({ data }) => {
    const entries = data[section]
    const entry = isDataMap(entries) ? entries[key] : undefined
    return isDataMap(entry) && typeof entry.name === 'string' ? [entry.name] : []
  })
  return written.at(-1) ?? ''
}

function modifierProblems({ key, modifiers, place }: EnvEntry): RecipeError[] {
  const fail = (message: string, hint: string) => new RecipeError('secret-modifier', message, { hint, where: place })
  return [...modifiers].flatMap(([name, value]) => {
    if (!MODIFIERS.some((known) => known === name)) {
      const hint = `Known are ${MODIFIERS.join(', ')}.${didYouMean(name, MODIFIERS)}`
      return [fail(`${key} has the unknown modifier "${name}"`, hint)]
    }
    if (name === 'length' && !isLength(value))
      return [fail(`${key} has length=${value}`, 'Write a whole number from 1 to 10000.')]
    if (name === 'generate' && !/^(true|false)$/.test(value))
      return [fail(`${key} has generate=${value}`, 'Write true or false.')]
    return []
  })
}

function specOf(found: {
  key: string
  name: string
  entry: EnvEntry | undefined
  where: Place | undefined
}): SecretSpec {
  const { key, name, entry, where } = found
  const length = entry?.modifiers.get('length')
  const charset = entry?.modifiers.get('charset')
  const place = entry?.place ?? where
  return {
    key,
    name,
    ...(length !== undefined && isLength(length) ? { length: Number(length) } : {}),
    ...(charset !== undefined && isCharset(charset) ? { charset } : {}),
    generate: entry?.modifiers.get('generate') !== 'false',
    ...(place ? { place } : {}),
  }
}

function isLength(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 10_000
}

function tooLong(key: string, name: string, where: Place | undefined): RecipeError {
  const message = `the secret ${key} gets the name ${name} of ${name.length} characters; the engine allows ${MAX_SECRET_NAME}`
  return new RecipeError('secret-name-long', message, {
    hint: 'Shorten the name of the secret.',
    ...(where ? { where } : {}),
  })
}
