// cspell:ignore testme testmeplease testm
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCommand } from '../../../src/server/comments/parse-command.ts'

const plain = { kind: 'test', commit: null, quick: false, base: 'auto' }

describe('what is understood', () => {
  it.each([
    ['!testme', plain],
    [' \t!testme\t ', plain],
    ['!testme\r\nthanks', plain],
    ['!testme\nnot --quick here', plain],
    ['!testme\r--quick', plain],
    ['!testme --quick', { ...plain, quick: true }],
    ['!testme --why', { kind: 'why', commit: null }],
    ['!testme --why ABCDEF1', { kind: 'why', commit: 'abcdef1' }],
    ['!testme abcdef1\t--why', { kind: 'why', commit: 'abcdef1' }],
    ['!testme ABCDEF1', { ...plain, commit: 'abcdef1' }],
    [`!testme ${'a'.repeat(40)}`, { ...plain, commit: 'a'.repeat(40) }],
    ['!testme --base 1.0.0+2.0-alpine', { ...plain, base: '1.0.0+2.0-alpine' }],
    ['!testme --base none', { ...plain, base: 'none' }],
    ['!testme --base 1234567', { ...plain, base: '1234567' }],
    ['!cancel', { kind: 'cancel' }],
    ['!cancel \r\n', { kind: 'cancel' }],
  ])('%j', (body, command) => {
    expect(parseCommand(body)).toEqual(command)
  })

  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })
  it('takes words in any order, with any blanks', () => {
    const parts = fc.record({
      commit: optional(fc.stringMatching(/^[0-9a-f]{7,40}$/)),
      quick: fc.boolean(),
      base: optional(fc.constantFrom('auto', 'none', '1.0.0+2.0', '10.2.3+v4_5-rc.1')),
      seed: fc.nat(5),
      blank: fc.stringMatching(/^[ \t]{1,5}$/),
    })
    fc.assert(
      fc.property(parts, ({ commit, quick, base, seed, blank }) => {
        const words = [commit, quick ? '--quick' : null, base && `--base${blank}${base}`].filter(
          (word) => word !== null,
        )
        const turned = words.map((_, at) => words[(at + seed) % words.length])
        const body = `${blank}${['!testme', ...turned].join(blank)}${blank}`
        expect(parseCommand(body)).toEqual({ kind: 'test', commit, quick, base: base ?? 'auto' })
      }),
    )
  })
})

describe('what begins with the word and continues otherwise', () => {
  it.each([
    '!testme please',
    '!testme --fast',
    '!testme --quick --quick',
    '!testme --why --why',
    '!testme --why --quick',
    '!testme --why --base 1.0.0',
    '!testme --why abcdef1 abcdef2',
    '!testme --why please',
    '!testme --base',
    '!testme --base --quick',
    '!testme --base -1',
    '!testme --base=1.0.0+2.0',
    '!testme --base main',
    '!testme --base 1.0.0+2.0/../x',
    '!testme abcdef',
    `!testme ${'a'.repeat(41)}`,
    '!testme abcdef1 abcdef2',
    '!testme --QUICK',
    '!testme\u00a0--quick',
    '!testme \u2212\u2212quick',
    '!testme.',
    '!cancel all',
    '!cancel!',
  ])('%j', (body) => {
    expect(parseCommand(body)).toEqual({ kind: 'grammar', line: body })
  })
})

describe('what is talk', () => {
  it.each([
    '',
    'please !testme',
    '!testmeplease',
    '!testme-please',
    '!testme_2',
    '!Testme',
    '!testm\u0435',
    '\uff01testme',
    '!testme\u0301',
    '!testme\u200b',
    '\ufeff!testme',
    '\n!testme',
    '> !testme',
    '\u00a0!testme',
    '!test',
    '!cancelled',
  ])('%j', (body) => {
    expect(parseCommand(body)).toEqual({ kind: 'none' })
  })
})

it('judges the first line alone', () => {
  fc.assert(
    fc.property(fc.constantFrom('!testme', '!cancel', 'hello', '!testme x'), fc.string(), (line, rest) => {
      expect(parseCommand(`${line}\n${rest}`)).toEqual(parseCommand(line))
    }),
  )
})

it('finds a test or a cancel in nothing but its exact words', () => {
  const noise = fc.array(
    fc.oneof(
      fc.constantFrom('!testme', '!cancel', ' ', '\n', '--quick', '--base', 'none'),
      fc.string({ unit: 'binary' }),
    ),
  )
  fc.assert(
    fc.property(noise, (parts) => {
      const body = parts.join('')
      const command = parseCommand(body)
      if (command.kind === 'test')
        expect(body).toMatch(/^[ \t]*!testme([ \t]+(--quick|--base[ \t]+\S+|[0-9a-fA-F]{7,40}))*[ \t]*([\r\n]|$)/)
      if (command.kind === 'cancel') expect(body).toMatch(/^[ \t]*!cancel[ \t]*([\r\n]|$)/)
      if (command.kind === 'grammar') expect(command.line.isWellFormed() && command.line.length <= 200).toBe(true)
    }),
  )
})

it.each([
  ['!testme ', 'grammar'],
  [' ', 'none'],
  ['!testme\u0301', 'none'],
  ['!testme --base 1.', 'grammar'],
])('is not slowed by a megabyte of %j', (piece, kind) => {
  const body = piece.repeat(1_000_000 / piece.length)
  const begun = performance.now()
  expect(parseCommand(body).kind).toBe(kind)
  expect(performance.now() - begun).toBeLessThan(1000)
})
