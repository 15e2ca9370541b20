import { inspect } from 'node:util'
import { codeRoot, withShortPaths } from '../code-root.ts'
import { loadAdvice } from './advice.ts'

/** An error of a hook as the harness gets it. */
export interface Thrown {
  readonly name: string
  readonly message: string
  /** Only the lines of the recipe's own files: `at preBackup (recipe/cc-ci.config.ts:12:9)`. */
  readonly stack: readonly string[]
}

const MAX_CHARACTERS = 8_000
const MAX_LINES = 20

export function describeThrown(error: unknown): Thrown {
  const { name, message } = error instanceof Error ? error : { name: 'not an Error', message: inspect(error) }
  const advice = loadAdvice(error)
  const text = withShortPaths(advice ? `${message}\n  ${advice}` : message)
  return { name, message: text.slice(0, MAX_CHARACTERS), stack: ownLines(error).slice(0, MAX_LINES) }
}

function ownLines(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return stack
    .split('\n')
    .filter((line) => line.includes(`${codeRoot()}/`))
    .map((line) => withShortPaths(line).trim())
}
