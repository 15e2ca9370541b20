import { RecipeError, RecipeErrors } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import { variablesOf } from '../compose/interpolate.ts'
import { isDataMap } from '../compose/source.ts'
import type { AppEnv, EnvEntry, RecipeTree, ResolvedStack, SecretSpec } from '../model.ts'
import { isCharset } from './secret-value.ts'

/** The engine's limit for the name of a secret. */
const MAX_SECRET_NAME = 64

/** The engine's limit for the content of a secret. */
const MAX_LENGTH = 500 * 1024

/** The words behind a version variable that say how its secret is made. */
export const MODIFIERS = ['length', 'charset', 'generate'] as const

/** As Go reads a truth value, which is how the operators' client does. */
const TRUE = /^(1|t|T|TRUE|true|True)$/
const FALSE = /^(0|f|F|FALSE|false|False)$/

/**
 * The external secrets that services of the stack use, in the order of the compose file. Length, charset and `generate` come
 * from the modifiers of the version variable in `.env.sample`, active or commented. An unknown charset counts as the default, an unknown
 * modifier as prose, and a length below 1 as none (lint CC11 warns of each). Throws RecipeErrors: `secret-name-long`, and `secret-modifier`
 * for a value at which the operators' client stops.
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
  const { length, generate } = Object.fromEntries(modifiers)
  return [
    ...(length !== undefined && lengthOf(length) === null
      ? [fail(`${key} has length=${length}`, `Write a whole number of at most ${MAX_LENGTH}.`)]
      : []),
    ...(generate !== undefined && !TRUE.test(generate) && !FALSE.test(generate)
      ? [fail(`${key} has generate=${generate}`, 'Write true or false.')]
      : []),
  ]
}

function specOf(found: {
  key: string
  name: string
  entry: EnvEntry | undefined
  where: SourceLocation | undefined
}): SecretSpec {
  const { key, name, entry, where } = found
  const length = lengthOf(entry?.modifiers.get('length') ?? '')
  const charset = entry?.modifiers.get('charset')
  const place = entry?.place ?? where
  return {
    key,
    name,
    ...(length !== null && length > 0 ? { length } : {}),
    ...(charset !== undefined && isCharset(charset) ? { charset } : {}),
    generate: !FALSE.test(entry?.modifiers.get('generate') ?? ''),
    ...(place ? { place } : {}),
  }
}

/** Null for what is no whole number, or more than a secret can hold. */
function lengthOf(text: string): number | null {
  return /^[+-]?\d+$/.test(text) && Number(text) <= MAX_LENGTH ? Number(text) : null
}

function tooLong(key: string, name: string, where: SourceLocation | undefined): RecipeError {
  const message = `the secret ${key} gets the name ${name} of ${name.length} characters; the engine allows ${MAX_SECRET_NAME}`
  return new RecipeError('secret-name-long', message, {
    hint: 'Shorten the name of the secret.',
    ...(where ? { where } : {}),
  })
}
