import { stripVTControlCharacters } from 'node:util'
import type { TestError } from '@playwright/test/reporter'
import { sourcePlace, withShortPaths } from '../code-root.ts'
import { loadAdvice } from './advice.ts'

const MAX_CHARACTERS = 8_000

/** Message, place and the lines around it, without colours and with paths relative to the code. */
export function errorText(errors: readonly TestError[]): string {
  return errors.map(one).join('\n\n').slice(0, MAX_CHARACTERS)
}

function one({ message, value, location, snippet, cause }: TestError): string {
  const text = inOurWords(message ?? value ?? 'no message')
  const place = location && sourcePlace(location.file)
  const parts = [
    text,
    loadAdvice(text),
    cause ? `caused by: ${cause.message ?? cause.value ?? ''}` : null,
    place && location ? `at ${place.side}/${place.file}:${location.line}:${location.column}` : null,
    snippet && !text.includes(snippet) ? snippet : null,
  ]
  return withShortPaths(stripVTControlCharacters(parts.filter((part) => part !== null).join('\n')))
}

/** Without what only somebody with the files of the sandbox could use. */
function inOurWords(text: string): string {
  return text
    .replace(/\nRequire stack:(\n- .*)*/, '')
    .replace(/ due to the 'forbidOnly' option in '[^']*'/, ', because the other tests would not run')
}
