import { describe, expect, test, vi } from 'vitest'
import { Alias } from 'yaml'
import { readYaml } from '../../src/config/read-yaml.ts'
import { type RecipeError, RecipeErrors } from '../../src/lib/errors.ts'
import { formatLocation } from '../../src/lib/text/source-location.ts'
import { parseGoDuration } from '../../src/recipe/compose/go-duration.ts'
import { interpolate, variablesOf } from '../../src/recipe/compose/interpolate.ts'
import { parseCompose } from '../../src/recipe/compose/source.ts'
import { readAbraExports } from '../../src/recipe/files/abra-exports.ts'
import { parseEnvSample } from '../../src/recipe/files/env-sample.ts'
import { readMetadata } from '../../src/recipe/files/metadata.ts'
import { resolved } from './throwaway.ts'

const lines = (count: number, line: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')
const compose = (text: string) => {
  const errors: RecipeError[] = []
  const source = parseCompose(text, 'compose.yml', errors)
  return { source, errors }
}
const settings = (text: string) =>
  readYaml({ side: 'recipe', file: '/r/cc-ci/cc-ci.yml', path: '/r/cc-ci/cc-ci.yml', shown: 'cc-ci/cc-ci.yml' }, text)
const ignore = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    if (!(error instanceof Error)) throw error
  }
}

/** Text of about that many characters, or entries, that a reader of before took time with the square for, or worse. */
const TEXTS: readonly [string, number, (size: number) => string, (text: string) => unknown][] = [
  ['README: blanks in a key', 20_000, (n) => `<!-- metadata -->\n* a${' '.repeat(n)}b`, readMetadata],
  ['README: blanks in a value', 20_000, (n) => `<!-- metadata -->\n* a: b${' '.repeat(n)}b`, readMetadata],
  ['a duration of digits', 20_000, (n) => '1'.repeat(n), parseGoDuration],
  ['a duration whose last part has no unit', 20_000, (n) => `1s${'1'.repeat(n)}`, parseGoDuration],
  [
    'variables that are not closed',
    40_000,
    (n) => '${a:-'.repeat(n / 5),
    (text) => ignore(() => interpolate(text, () => '')),
  ],
  ['variables that are not closed, for lint', 40_000, (n) => '${a:-'.repeat(n / 5), variablesOf],
  ['.env.sample: blanks in a value', 20_000, (n) => `A=a${' '.repeat(n)}b`, (text) => parseEnvSample(text)],
  ['abra.sh: quotes that are not closed', 20_000, (n) => '"\\'.repeat(n / 2), (text) => readAbraExports(text)],
  ['abra.sh: braces that are not closed', 20_000, (n) => '${'.repeat(n / 2), (text) => readAbraExports(text)],
  ['YAML: aliases', 2000, (n) => `a: &a 1\nb:\n${lines(n, () => '  - *a')}`, compose],
  ['YAML: keys of one mapping', 2000, (n) => `a:\n${lines(n, (i) => `  k${i}: 1`)}`, compose],
  ['settings: keys of one mapping', 4000, (n) => `env:\n${lines(n, (i) => `  k${i}: a`)}`, settings],
]

/** Of the processor, not of the clock; the least of some tries, because collecting garbage is nobody's fault. */
function cost(read: () => unknown): number {
  const tries = [1, 2, 3].map(() => {
    const before = process.cpuUsage()
    read()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  })
  return Math.min(...tries)
}

/** What is too short to be measured counts as this much. */
const FLOOR_MS = 20

describe('texts of a recipe are read in time that grows as they do', () => {
  test.each(TEXTS)('%s', (_, size, make, read) => {
    const [small, large] = [make(size), make(4 * size)]
    const ratio = (cost(() => read(large)) + FLOOR_MS) / (cost(() => read(small)) + FLOOR_MS)
    // The square is 16.
    expect(ratio).toBeLessThan(9)
  })
})

describe('a README is read as far as anybody writes metadata', () => {
  const block = (...all: readonly string[]) => readMetadata(`<!-- metadata -->\n${all.join('\n')}`)

  test('lines of 2000 characters, and none that is longer', () => {
    const line = (length: number) => `* a: ${'x'.repeat(length - 5)}`
    expect(block(line(2000))?.get('a')).toHaveLength(1995)
    expect(block(line(2001), '* b: 1')).toEqual(new Map([['b', '1']]))
  })

  test('the first thousand of them', () => {
    const found = block(...Array.from({ length: 1200 }, (_, index) => `* k${index}: ${index}`))
    // The first is what stands behind the mark.
    expect([found?.size, found?.has('k998'), found?.has('k999')]).toEqual([999, true, false])
  })
})

describe('texts that would grow are refused where they begin to', () => {
  const nested = lines(300, (i) => `x-${i + 1}: &a${i + 1}\n  <<: *a${i}`)

  test.each([
    ['brackets within each other', `a: ${'['.repeat(500_000)}`, /^compose\.yml:1:\d+ is nested too deeply to be read$/],
    [
      'lists within each other',
      `a:\n  ${'- '.repeat(200_000)}`,
      /^compose\.yml:2:\d+ is nested too deeply to be read$/,
    ],
    ['values', `a:\n${lines(60_000, () => '  - 1')}`, /^compose\.yml:1:1 holds more than 50000 values$/],
    [
      'values behind anchors',
      `a: &a\n${lines(200, () => '  - 1')}\nb:\n${lines(60, () => '  - *a')}`,
      /^compose\.yml:\d+:\d+ holds more than 10000 values once its anchors are expanded$/,
    ],
    [
      'texts behind anchors',
      `a: &a ${'x'.repeat(500_000)}\nb:\n${lines(20, () => '  - *a')}`,
      /^compose\.yml:1:7 holds more than 4194304 characters once its anchors are expanded$/,
    ],
    [
      'merged mappings within each other',
      `x-0: &a0\n  k: v\n${nested}`,
      /^compose\.yml:\d+:\d+ holds more than 10000 values once its anchors are expanded$/,
    ],
    ['a key', `? ${'k'.repeat(2000)}\n: 1`, /^compose\.yml:1:3 is a key of 2000 characters; it may have 1024$/],
  ])('compose.yml: %s', (_, text, says) => {
    const { errors } = compose(text)
    expect(errors.map(({ where, message, code }) => [code, `${where && formatLocation(where)} ${message}`])[0]).toEqual(
      ['compose-invalid', expect.stringMatching(says)],
    )
  })

  test('a key that is there twice is told once more', () => {
    const { errors } = compose('a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n')
    expect(errors.map(({ message, where }) => [message, where?.line])).toEqual([['Map keys must be unique', 5]])
  })

  test('no alias has the whole document looked through for it', () => {
    const looks = vi.spyOn(Alias.prototype, 'resolve')
    const { source } = compose(`a: &a 1\nb:\n${lines(100, () => '  - *a')}\nc: {<<: &m {d: 1}, e: *a}\nf: *m`)
    expect(source?.data).toMatchObject({ b: Array(100).fill(1), c: { d: 1, e: 1 }, f: { d: 1 } })
    expect(looks).not.toHaveBeenCalled()
  })

  test('an anchor that is given again counts from there on', () => {
    expect(compose('a: &x 1\nb: *x\nc: &x 2\nd: *x\n').source?.data).toEqual({ a: 1, b: 1, c: 2, d: 2 })
  })

  test('cc-ci.yml: nesting and a second document', () => {
    const found = [`env: ${'['.repeat(100_000)}`, 'env: {}\n---\nenv: {}\n'].map((text) => settings(text).errors[0])
    expect(found.map((error) => [error?.message, error?.where?.line])).toEqual([
      ['is nested too deeply to be read', 1],
      ['holds a second document: settings are one', 2],
    ])
  })

  test('.env.sample: values that double', () => {
    const doubling = `A=${'a'.repeat(40)}\n${lines(40, () => 'A=$A$A')}`
    const reported = errorsOf(() => parseEnvSample(doubling))
    expect(reported.map(({ code, where }) => [code, where?.file, where?.line])).toEqual([
      ['env-invalid', '.env.sample', 15],
    ])
    expect(reported[0]?.message).toMatch(/longer than 1048576 characters together/)
  })

  test.each([
    ['one text', 'X: "$BIG$BIG$BIG$BIG$BIG$BIG$BIG$BIG$BIG$BIG$BIG"', /X becomes longer than 1048576 characters/],
    [
      'all texts',
      lines(60, (i) => `X${i}: "$BIG"`).replaceAll('\n', '\n      '),
      /brings the texts of the stack beyond 4194304 characters/,
    ],
  ])('variables in %s', async (_, variables, says) => {
    const files = {
      'compose.yml': `services:\n  app:\n    image: x\n    environment:\n      ${variables}\n`,
      '.env.sample': `BIG=${'x'.repeat(100_000)}\n`,
    }
    const reported = await resolved(files).then(() => [], thrown)
    expect(reported[0]?.message).toMatch(says)
    expect(reported[0]?.where).toMatchObject({ file: 'compose.yml', line: expect.any(Number) })
  })

  test('ranges of ports, in all', async () => {
    const service = (name: string) => `  ${name}:\n    image: x\n    ports:\n      - "0-65535"\n`
    const reported = await resolved({ 'compose.yml': `services:\n${service('app')}${service('b')}` }).then(
      () => [],
      thrown,
    )
    expect(reported.map(({ message, where }) => [message, where?.line])).toEqual([
      ['services.b.ports.0 makes more than 65536 ports of the stack', 9],
    ])
  })

  test('what is wrong is told a hundred times at most', async () => {
    const unknown = lines(3000, (i) => `    imagee${i}: x`)
    const reported = await resolved({ 'compose.yml': `services:\n  app:\n${unknown}\n` }).then(() => [], thrown)
    expect(reported).toHaveLength(100)
  })
})

function errorsOf(read: () => unknown): readonly RecipeError[] {
  try {
    read()
    return []
  } catch (error) {
    return thrown(error)
  }
}

function thrown(error: unknown): readonly RecipeError[] {
  if (error instanceof RecipeErrors) return error.errors
  throw error
}
