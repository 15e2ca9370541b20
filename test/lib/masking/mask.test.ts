// cspell:ignore percnt hunter apos efghijkl cdefghij ghijklmn abababab abababababab abcdefghabcdefgh IJKLMNOP
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMaskable, MASK, Masker, MIN_ALONE_LENGTH, MIN_SECRET_LENGTH } from '../../../src/lib/masking/mask.ts'

function secretOf(least: number) {
  return fc
    .string({ minLength: least, maxLength: 40, unit: 'grapheme-ascii' })
    .filter((text) => text.trim().length >= least && !/^\*+$/.test(text.trim()))
}
const secrets = secretOf(MIN_SECRET_LENGTH)

function maskerOf(...values: string[]): Masker {
  const masker = new Masker()
  for (const value of values) masker.add(value)
  return masker
}

/** Every character that some escape changes, and letters beside them. */
const SPECIAL = 'p@ss w0rd/"x"\'y\'&<b>$5!*(~)\\é€😀+=%41;`#'
const ENTITIES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' }
const HEX = Buffer.from(SPECIAL).toString('hex')

function each(pattern: RegExp, write: (character: string) => string): string {
  return SPECIAL.replace(pattern, write)
}
function rfc3986(safe: RegExp): string {
  return [...SPECIAL]
    .map((one) =>
      safe.test(one)
        ? one
        : [...Buffer.from(one)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .join('')
}
function lowered(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
}
function wrapped(text: string, columns: number, end = '\n'): string {
  return text.replace(new RegExp(`(.{${columns}})(?=.)`, 'g'), `$1${end}`)
}
const code = (one: string) => one.codePointAt(0) ?? 0
const unicode = (one: string) =>
  Array.from({ length: one.length }, (_, index) => `\\u${one.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')

const MORE_ENTITIES: Readonly<Record<string, string>> = { $: 'dollar', '!': 'excl', '%': 'percnt', '+': 'plus' }
const bytes = (write: (byte: number) => string) => each(/[^\w ]/gu, (one) => [...Buffer.from(one)].map(write).join(''))

const FORMS: Readonly<Record<string, string>> = {
  'as it is': SPECIAL,
  'URL of JavaScript': encodeURIComponent(SPECIAL),
  'whole URL of JavaScript': encodeURI(SPECIAL),
  'form of a browser': new URLSearchParams({ v: SPECIAL }).toString().slice(2),
  'RFC 3986 (PHP)': rfc3986(/[\w.~-]/),
  'RFC 3986 in lower case': lowered(rfc3986(/[\w.~-]/)),
  'URL of Python': rfc3986(/[\w.~/-]/),
  'URL within a URL': encodeURIComponent(encodeURIComponent(SPECIAL)),
  JSON: JSON.stringify(SPECIAL).slice(1, -1),
  'JSON within JSON': JSON.stringify(JSON.stringify(SPECIAL)).slice(3, -3),
  'JSON of Go': JSON.stringify(SPECIAL).slice(1, -1).replace(/[&<>]/g, unicode),
  'JSON of PHP': JSON.stringify(SPECIAL)
    .slice(1, -1)
    .replaceAll('/', '\\/')
    .replace(/[^ -~]/gu, unicode),
  'JSON of Python': JSON.stringify(SPECIAL)
    .slice(1, -1)
    .replace(/[^ -~]/gu, unicode),
  'HTML by name': each(/[&<>"']/g, (one) => `&${ENTITIES[one]};`),
  'HTML by decimal number': each(/[&<>"']/g, (one) => `&#${code(one)};`),
  'HTML by padded number': each(/[&<>"']/g, (one) => `&#0${code(one)};`),
  'HTML by hexadecimal number': each(/[^\w ]/gu, (one) => `&#x${code(one).toString(16)};`),
  'HTML by upper hexadecimal number': each(/[^\w ]/gu, (one) => `&#X${code(one).toString(16).toUpperCase()};`),
  'HTML by four digits': each(/[^\w ]/gu, (one) => `&#x${code(one).toString(16).padStart(4, '0')};`),
  'HTML by every name': each(/[&<>"'$!%+]/g, (one) => `&${{ ...ENTITIES, ...MORE_ENTITIES }[one]};`),
  'log of nginx': bytes((byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`),
  'script in a page': bytes((byte) => `\\x${byte.toString(16).padStart(2, '0')}`),
  'octal numbers of C': bytes((byte) => `\\${byte.toString(8).padStart(3, '0')}`),
  mail: bytes((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`),
  'HTML within HTML': each(/[&<>"']/g, (one) => `&amp;${ENTITIES[one]};`),
  'shell, single quotes': each(/'/g, () => `'\\''`),
  'shell, double quotes': each(/["$`\\]/g, (one) => `\\${one}`),
  'shell, backslashes': each(/[^\w]/gu, (one) => `\\${one}`),
  'compose file': each(/\$/g, () => '$$'),
  'YAML, single quotes': each(/'/g, () => "''"),
  hex: HEX,
  'hex in upper case': HEX.toUpperCase(),
}

describe('a secret goes in every form', () => {
  it.each(Object.entries(FORMS))('%s', (_name, form) => {
    const masker = maskerOf(SPECIAL)
    expect(masker.mask(`a=${form} b`)).toBe(`a=${MASK} b`)
    expect(masker.leaks(`a=${form} b`)).toBe(true)
    expect(masker.withoutLeaks(form)).toBe(MASK)
  })

  it.each([4, 20, 64, 76])('base64 in lines of %d, at each offset', (columns) => {
    const secret = 'correct horse battery staple'
    for (const before of ['', 'x', 'xx'])
      for (const end of ['\n', '\r\n', '\n      ', '\\n', '\\r\\n'])
        for (const alphabet of ['base64', 'base64url'] as const) {
          const text = wrapped(Buffer.from(`${before}${secret}>>>`).toString(alphabet), columns, end)
          const masked = maskerOf(secret).mask(text)
          expect(Buffer.from(masked.replace(/\\[nr]|\s|\*/g, ''), 'base64').length).toBeLessThan(8)
        }
  })

  it('a long value goes in base64, and a line of it that stands alone', () => {
    const bytes = Array.from({ length: 400 }, (_, index) => String.fromCharCode(33 + ((index * 37) % 90))).join('')
    const text = Buffer.from(bytes).toString('base64')
    const masker = maskerOf(bytes)
    expect(masker.mask(text).replaceAll(MASK, '').length).toBeLessThan(4)
    expect(masker.leaks(text.slice(128, 256))).toBe(true)
  })

  it('every line of a value with several lines', () => {
    const masked = maskerOf('-----first line-----\n-----second line-----').mask('x -----second line----- y')
    expect(masked).toBe(`x ${MASK} y`)
  })
})

describe('a short secret', () => {
  it.each([
    ['key=ab1d', `key=${MASK}`],
    ['ab1d', MASK],
    ['"ab1d",ab1d;(ab1d)', `"${MASK}",${MASK};(${MASK})`],
    ['user:ab1d@host', `user:${MASK}@host`],
    ['\\nab1d\\n', `\\n${MASK}\\n`],
    ['key%3Aab1d', `key%3A${MASK}`],
    ['\u001b[32mab1d\u001b[0m', `\u001b[32m${MASK}\u001b[0m`],
    ['xab1d ab1dx ab1d_ _ab1d 0ab1d éab1d', 'xab1d ab1dx ab1d_ _ab1d 0ab1d éab1d'],
  ])('in %j', (text, masked) => expect(maskerOf('ab1d').mask(text)).toBe(masked))

  it('that ends in something else than a word has anything beside it there', () => {
    expect(maskerOf('ab$!').mask('xab$! ab$!x')).toBe(`xab$! ${MASK}x`)
    expect(maskerOf('a&b1').mask('a&amp;b1')).toBe(MASK)
  })

  it('is no leak where it stands: that may be chance', () => expect(maskerOf('ab1d').leaks('ab1d')).toBe(false))

  it.each(['true', 'False', 'admin', 'root', '8080', '443', 'none', 'smtp', 'aaaa', 'abc', ''])(
    'such as %j would blacken a log and hide nothing',
    (value) => {
      expect(isMaskable(value)).toBe(false)
      expect(maskerOf(value).mask(`a ${value} b`)).toBe(`a ${value} b`)
    },
  )

  it.each(['ab1d', '471123', 'hunter2', 'x-y-z'])('such as %j is masked', (value) =>
    expect(isMaskable(value)).toBe(true),
  )
})

describe('secrets that overlap', () => {
  const CASES: readonly [string[], string, string][] = [
    [['abcdefgh', 'efghijkl'], 'x abcdefghijkl y', `x ${MASK} y`],
    [['abcdefgh', 'abcdefghijkl'], 'x abcdefghijkl y', `x ${MASK} y`],
    [['abcdefghijkl', 'cdefghij'], 'x abcdefghijkl y', `x ${MASK} y`],
    [['abcdefgh', 'cdefghij', 'ghijklmn'], 'abcdefghijklmn', MASK],
    [['abcdefgh', 'abcdefghijkl', 'ghijklmn'], 'abcdefghijklmn', MASK],
    [['abababab'], 'abababababab', MASK],
    [['abcdefgh'], 'abcdefghabcdefgh', MASK + MASK],
  ]

  it.each(CASES)('%j', (values, text, masked) => expect(maskerOf(...values).mask(text)).toBe(masked))

  it.each(CASES)('%j, cut at any two places', (values, text, masked) => {
    const masker = maskerOf(...values)
    for (let first = 0; first <= text.length; first++)
      for (let second = first; second <= text.length; second++) {
        const stream = masker.stream()
        const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)]
        const given = pieces.map((piece) => stream.push(piece)).join('') + stream.end()
        expect(given, `cut at ${first} and ${second}`).toBe(masked)
      }
  })
})

describe('a stream', () => {
  /** Texts in which secrets, their beginnings and their forms stand beside and within each other. */
  const texts = fc
    .array(secretOf(MIN_ALONE_LENGTH), { minLength: 1, maxLength: 3 })
    .chain((values) => {
      const [first = ''] = values
      const own = [...values, `${first}${first.slice(0, 4)}`, first.slice(2) + first]
      const pieces = own.flatMap((value) => [
        ...[value, value.slice(0, -1), value.slice(1), JSON.stringify(value), encodeURIComponent(value.toWellFormed())],
        ...[
          wrapped(Buffer.from(`x${value}`).toString('base64'), 5),
          Buffer.from(value).toString('hex'),
          ` ${value} `,
          '\\',
          '\n',
        ],
      ])
      const parts = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 6 })), { maxLength: 6 })
      return fc.tuple(fc.constant(own), parts)
    })
    .map(([values, parts]) => ({ masker: maskerOf(...values), text: parts.join('') }))

  it('gives what a whole text gives, wherever it is cut', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(60), { maxLength: 40 }), ({ masker, text }, sizes) => {
        const stream = masker.stream()
        let given = ''
        let at = 0
        for (const size of sizes) {
          given += stream.push(text.slice(at, at + size))
          at += size
        }
        given += stream.push(text.slice(at)) + stream.end()
        expect(given).toBe(masker.mask(text))
      }),
      { numRuns: 150 },
    )
  })

  it('gives the same character by character', () => {
    fc.assert(
      fc.property(texts, ({ masker, text }) => {
        const stream = masker.stream()
        const given =
          text
            .split('')
            .map((one) => stream.push(one))
            .join('') + stream.end()
        expect(given).toBe(masker.mask(text))
      }),
    )
  })

  it('shows nothing of a secret that begins like another one', () => {
    const stream = maskerOf('ABCDEFGH', 'ABCDEFGHIJKLMNOP').stream()
    expect(stream.push('ABCDEFGH') + stream.push('IJKLMNOP') + stream.end()).toBe(MASK)
  })

  it('never gives half a character', () => {
    const stream = maskerOf('correct horse battery').stream()
    for (const one of [...'a😀b'.split(''), ...'xyz']) expect(stream.push(one).isWellFormed()).toBe(true)
  })

  it('holds back only what may be a secret', () => {
    const stream = maskerOf('correct horse battery').stream()
    expect(stream.push('a line of a log, and corr')).toBe('a line of a log, and ')
    expect(stream.push('upt data\n') + stream.end()).toBe('corrupt data\n')
  })
})

describe('Masker', () => {
  it('finds a value inside base64 at any alignment', () => {
    fc.assert(
      fc.property(secrets, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (secret, before, after) =>
        maskerOf(secret).leaks(Buffer.from(before + secret + after).toString('base64')),
      ),
    )
  })

  it('never leaves a known secret in masked text', () => {
    fc.assert(
      fc.property(fc.array(secrets, { minLength: 1, maxLength: 4 }), fc.string(), (values, noise) => {
        const masker = maskerOf(...values)
        return !masker.leaks(masker.mask(values.join(noise)))
      }),
    )
  })

  it('leaves other text alone', () => {
    expect(maskerOf('long enough').mask('nothing here')).toBe('nothing here')
    expect(new Masker().mask('anything')).toBe('anything')
  })
})
