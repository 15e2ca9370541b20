import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecipeErrors } from '../../src/lib/errors.ts'
import { parseEnvSample } from '../../src/recipe/files/env-sample.ts'

/**
 * `godotenv.jsonl` has what godotenv 1.5.1 made of texts that fast-check thought of. To record it again, give a program that reads one
 * JSON text a line and writes a line with godotenv's `values` or `error` for each: `CC_CI_RECORD_GODOTENV=PROGRAM`.
 */
const GOLDEN = join(import.meta.dirname, 'godotenv.jsonl')
const SAMPLE = { seed: 14, numRuns: 1500 }

const blank = fc.constantFrom('', '', '', ' ', '\t', '  ')
const name = fc.constantFrom('A', 'B', 'LONG_NAME', 'a', 'A.B', '_', '1A')
const key = fc
  .tuple(fc.constantFrom('', '', '', 'export ', ' '), name, blank, fc.constantFrom('=', '=', '=', ':'), blank)
  .map((parts) => parts.join(''))
const chars = (...more: string[]) =>
  fc.string({
    unit: fc.constantFrom('a', 'B', '1', ' ', '#', '$', '${', '}', '(', '\\', '\\n', '=', '$A', '${B}', ...more),
    maxLength: 6,
  })
const value = fc.oneof(
  chars('"', "'"),
  chars("'", '\\"', '\n').map((text) => `"${text}"`),
  chars('"', "\\'", '\n').map((text) => `'${text}'`),
)
const comment = fc.constantFrom('', '', '', '', ' # note', ' # length=3 # two', '#near', ' B=2', ' rest')
const line = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(key, value, comment).map((parts) => parts.join('')) },
  fc.constantFrom('', '# prose', '#A=1', '  ', 'nonsense', '=1', 'A-B=1'),
)
const texts = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 4 }), fc.constantFrom('\n', '\n', '\n', '\r\n'))
  .map(([lines, end]) => lines.map((one) => `${one}${end}`).join(''))

interface Answer {
  readonly text: string
  readonly values?: Readonly<Record<string, string>>
  readonly error?: string
}

const program = process.env.CC_CI_RECORD_GODOTENV
if (program) {
  const input = [...new Set(fc.sample(texts, SAMPLE))].map((text) => JSON.stringify(text)).join('\n')
  writeFileSync(GOLDEN, execFileSync(program, { input }))
}

const recorded = readFileSync(GOLDEN, 'utf8')
  .trim()
  .split('\n')
  .map((text) => JSON.parse(text) as Answer)

function ours(text: string): Record<string, string> | 'refused' {
  try {
    return Object.fromEntries(parseEnvSample(text).values)
  } catch (error) {
    if (!(error instanceof RecipeErrors)) throw error
    return 'refused'
  }
}

/** The one difference: godotenv gives a line without a name, or with a space in it, to a variable that nothing can refer to. */
const hasOddName = (values: Readonly<Record<string, string>> = {}) =>
  Object.keys(values).some((one) => !/^[A-Za-z0-9_.]+$/.test(one))

test('the sample says something: enough is read, enough is refused', () => {
  const read = recorded.filter(({ values }) => values && !hasOddName(values))
  expect(read.length).toBeGreaterThan(300)
  expect(recorded.filter(({ error }) => error).length).toBeGreaterThan(300)
})

test('.env.sample is read as by godotenv, value for value', () => {
  for (const { text, values } of recorded)
    expect(ours(text), JSON.stringify(text)).toEqual(values && !hasOddName(values) ? values : 'refused')
})
