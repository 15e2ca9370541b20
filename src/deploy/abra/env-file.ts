import { RecipeError } from '../../lib/errors.ts'
import { parseEnvSample } from '../../recipe/files/env-sample.ts'
import type { AppEnv } from '../../recipe/model.ts'

/** What a shell, YAML and everybody else reads as it stands. */
const PLAIN = /^[A-Za-z0-9_.:,@%/-][A-Za-z0-9_.:,@%/=-]*$/

/**
 * The env file of an app, in the dialect that operators' files have: `env`, with RECIPE and TYPE for the recipe that abra is to find. Each value is written so that it is
 * read as it is. Throws RecipeError `env-invalid` for one that no file can hold.
 */
export function envFile(env: AppEnv, recipe: string): string {
  const all = new Map([['TYPE', recipe], ...[...env].filter(([key]) => key !== 'TYPE' && key !== 'RECIPE')])
  return [...all].map(([key, value]) => `${line(key, value)}\n`).join('')
}

function line(key: string, value: string): string {
  const written = [
    ...(value === '' || PLAIN.test(value) ? [value] : []),
    `'${value}'`,
    `"${value.replace(/[\\"]/g, '\\$&').replaceAll('$', '\\$').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`,
  ]
  for (const one of written) if (readBack(`${key}=${one}`).get(key) === value) return `${key}=${one}`
  throw new RecipeError('env-invalid', `no env file can hold the value of ${key}`, {
    hint: 'Take quotes and backslashes out of its end.',
  })
}

function readBack(text: string): ReadonlyMap<string, string> {
  try {
    return parseEnvSample(`${text}\n`).values
  } catch {
    return new Map()
  }
}
