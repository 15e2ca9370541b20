import { parse as dotenv } from 'dotenv'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecipeErrors } from '../../../src/lib/errors.ts'
import { parseEnvSample } from '../../../src/recipe/files/env-sample.ts'

const values = (text: string) => Object.fromEntries(parseEnvSample(text).values)

describe('values', () => {
  test.each([
    ['A=1', '1'],
    ['A=', ''],
    ['A=""', ''],
    ['A = spaced value ', 'spaced value'],
    ['export A=1', '1'],
    ['A=1 # comment', '1'],
    ['A=a#b', 'a#b'],
    ['A= # comment', '# comment'],
    ['A=1 # one # two', '1 # one'],
    ['B=2\nX="x" A=$B', '2'],
    ['A:1', '1'],
    ['A="a # b" # comment', 'a # b'],
    ["A='$HOME \\n'", '$HOME \\n'],
    ['A="line\\nbreak"', 'line\nbreak'],
    ['A="two\nlines"', 'two\nlines'],
    ['A="say \\"hi\\"!"', 'say "hi"!'],
    ['A=`x`', '`x`'],
    ["A=', `www.example.com`'", ', `www.example.com`'],
    ['\uFEFFA=1', '1'],
    ['A=1\r\nB=2\r\n', '1'],
  ])('%j gives %j', (text, value) => {
    expect(values(text).A).toBe(value)
  })
})

describe('expansion', () => {
  test('double quotes and bare values see the lines above, single quotes do not', () => {
    expect(values('X=1\nA="$X-${X}"\nB=$X\nC=\'$X\'\nD=${LATER}\nLATER=2')).toMatchObject({
      A: '1-1',
      B: '1',
      C: '$X',
      D: '',
    })
  })

  test('a key appends to itself', () => {
    expect(values('F="a.yml"\nF="$F:b.yml"\nF="$F:c.yml"').F).toBe('a.yml:b.yml:c.yml')
  })

  test('an escaped dollar and a lower-case name stay', () => {
    expect(values('X=1\nA="\\$X $x $(id) $$X"')).toMatchObject({ A: '$X $x $(id) $1' })
  })
})

test('all entries are kept, with their places, and the last value wins', () => {
  const { entries, values } = parseEnvSample('# head\n\nA=1\n  A=2\nB="x\ny"\nC=3\n')
  expect(entries.map(({ key, value, place }) => [key, value, place.line, place.column])).toEqual([
    ['A', '1', 3, 1],
    ['A', '2', 4, 3],
    ['B', 'x\ny', 5, 1],
    ['C', '3', 7, 1],
  ])
  expect(values.get('A')).toBe('2')
})

test('modifiers stand in the comment behind the value, among prose', () => {
  const { entries } = parseEnvSample(
    'S="v1" # a password, length=32 charset=default,special generate=false see https://x?a=b',
  )
  expect(Object.fromEntries(entries[0]?.modifiers ?? [])).toEqual({
    length: '32',
    charset: 'default,special',
    generate: 'false',
  })
})

test('optional features are the commented assignments, not the prose', () => {
  const text =
    '#A=1\n# B=2 # length=8\n#   C="x"\n## D=4\n# prose with e=mc2\n# Set X=1 to win\n#lower=1\n#COMPOSE_FILE="$COMPOSE_FILE:b.yml"\n# E="open\nF=1\n'
  const { optional, values } = parseEnvSample(`COMPOSE_FILE=compose.yml\n${text}`)
  expect(optional.map(({ key, value }) => [key, value])).toEqual([
    ['A', '1'],
    ['B', '2'],
    ['C', 'x'],
    ['D', '4'],
    ['COMPOSE_FILE', 'compose.yml:b.yml'],
  ])
  expect(optional[1]?.modifiers.get('length')).toBe('8')
  expect(values.has('A')).toBe(false)
  expect(values.get('F')).toBe('1')
})

test('every line that cannot be read is reported with its place', () => {
  const read = () => parseEnvSample('A=1\nnonsense\nB="open\nC=2')
  expect(read).toThrow(RecipeErrors)
  try {
    read()
  } catch (error) {
    const { errors } = error as RecipeErrors
    expect(errors.map(({ where, code }) => [code, where?.line])).toEqual([
      ['env-invalid', 2],
      ['env-invalid', 3],
    ])
  }
})

const key = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/)
const bare = fc.stringMatching(/^[A-Za-z0-9_./:@%+,-][A-Za-z0-9_./:@%+, -]{0,12}$/)
const quoted = fc.string({ maxLength: 20 }).map((text) => text.replace(/["'\\$\r\0]/g, ''))
const line = fc.oneof(
  fc.tuple(key, bare).map(([name, value]) => `${name}=${value}`),
  fc.tuple(key, quoted, fc.constantFrom('"', "'")).map(([name, value, quote]) => `${name}=${quote}${value}${quote}`),
  fc.tuple(key, bare).map(([name, value]) => `${name}=${value.trim()} # length=3`),
  fc.constantFrom('', '# prose', '#A=1'),
)

test('agrees with dotenv where the dialects agree: no dollars, no backslashes, no bare #', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const text = lines.join('\n')
      expect(values(text)).toEqual(dotenv(text))
    }),
  )
})

test('never hangs or throws anything but RecipeErrors', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('A', '=', '"', "'", '#', '$', '{', '}', '\\', '\n', ' ', ':'), maxLength: 40 }),
      (text) => {
        try {
          parseEnvSample(text)
        } catch (error) {
          expect(error).toBeInstanceOf(RecipeErrors)
        }
      },
    ),
    { numRuns: 2000 },
  )
})
