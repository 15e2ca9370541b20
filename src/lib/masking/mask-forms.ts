// cspell:ignore apos percnt commat lbrack rbrack lowbar
/**
 * How a secret may be written. A form is a list of steps, each of them all the texts that may stand for one character: escapes of different kinds
 * may be mixed, as in a page that quotes JSON.
 */
export interface Form {
  readonly steps: readonly (readonly string[])[]
  /** Lines may be broken between any two steps, at whatever column. */
  readonly wraps: boolean
}

/** Base64 of a longer value is looked for in pieces of so many bytes that overlap: a line of a key that stands alone is found too. */
const PIECE = 48
const OVERLAP = 8

/** The forms of a value that is masked wherever it stands. */
export function formsOf(value: string): Form[] {
  return [...shortFormsOf(value), ...base64Forms(Buffer.from(value))]
}

/** The same without those that are too much like an ordinary word where the value is short. */
export function shortFormsOf(value: string): Form[] {
  const hex = [...Buffer.from(value).toString('hex')].map((digit) => [...new Set([digit, digit.toUpperCase()])])
  return [
    { steps: [...value].map(writingsOf), wraps: false },
    { steps: hex, wraps: false },
  ]
}

/** What may stand for one character. Letters and digits of ASCII are escaped by nobody. */
function writingsOf(character: string): string[] {
  if (/^[A-Za-z0-9]$/.test(character)) return [character]
  return [
    ...new Set([
      character,
      ...escapesOf(character),
      ...percentOf(character),
      ...bytesOf(character),
      ...unicodeOf(character),
      ...entitiesOf(character),
    ]),
  ]
}

/** Backslashes of a shell, of JSON and of JSON within JSON; quotes of a shell; `$$` of compose. */
function escapesOf(character: string): string[] {
  const letter = ESCAPE_LETTERS[character]
  if (letter)
    return [1, 2, 4].map((times) => '\\'.repeat(times) + letter).concat(character === '\n' ? ['\r\n', '\\r\\n'] : [])
  if (character === '\\') return [2, 4, 8].map((times) => '\\'.repeat(times))
  const more = { $: ['$$'], "'": [`'\\''`, `'"'"'`, `''`], '"': ['""'], ' ': ['+'] }[character] ?? []
  return [...[1, 2, 3, 7].map((times) => '\\'.repeat(times) + character), ...more]
}

const ESCAPE_LETTERS: Readonly<Record<string, string>> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' }

/** RFC 3986, with digits of either case; also where the percent signs were encoded once more. */
function percentOf(character: string): string[] {
  const bytes = [...Buffer.from(character)].map((byte) => byte.toString(16).padStart(2, '0'))
  return ['%', '%25'].flatMap((sign) => bothCases((digits) => digits.map((two) => sign + two).join(''), bytes))
}

/** `\u0026` of JSON, also within JSON. */
function unicodeOf(character: string): string[] {
  const units = Array.from({ length: character.length }, (_, index) =>
    character.charCodeAt(index).toString(16).padStart(4, '0'),
  )
  return ['\\u', '\\\\u'].flatMap((sign) => bothCases((digits) => digits.map((four) => sign + four).join(''), units))
}

/** `\x26` and `\046` of C, JavaScript and the logs of nginx, `=26` of mails; bytes of UTF-8, digits of either case. */
function bytesOf(character: string): string[] {
  const bytes = [...Buffer.from(character)]
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0'))
  const octal = bytes.map((byte) => byte.toString(8).padStart(3, '0'))
  const written = ['\\x', '\\\\x', '='].flatMap((sign) =>
    bothCases((digits) => digits.map((two) => sign + two).join(''), hex),
  )
  return [...written, ...['\\', '\\\\'].map((sign) => octal.map((three) => sign + three).join(''))]
}

/** Of HTML 5, for what passwords are made of. */
const NAMED: Readonly<Record<string, string>> = {
  ...{
    '&': 'amp',
    '<': 'lt',
    '>': 'gt',
    '"': 'quot',
    "'": 'apos',
    '!': 'excl',
    '#': 'num',
    $: 'dollar',
    '%': 'percnt',
  },
  ...{ '(': 'lpar', ')': 'rpar', '*': 'ast', '+': 'plus', ',': 'comma', '.': 'period', '/': 'sol', ':': 'colon' },
  ...{
    ';': 'semi',
    '=': 'equals',
    '?': 'quest',
    '@': 'commat',
    '[': 'lbrack',
    '\\': 'bsol',
    ']': 'rbrack',
    '^': 'Hat',
  },
  ...{ _: 'lowbar', '`': 'grave', '{': 'lbrace', '|': 'vert', '}': 'rbrace' },
}

/** `&amp;`, `&#39;`, `&#039;`, `&#x27;`, `&#x0027;`; also where the page was quoted once more. */
function entitiesOf(character: string): string[] {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16)
  const names = [
    NAMED[character] ?? [],
    [...new Set([0, 3, 4].map((width) => `#${String(code).padStart(width, '0')}`))],
    [0, 3, 4].flatMap((width) =>
      ['x', 'X'].flatMap((x) => [hex, hex.toUpperCase()].map((digits) => `#${x}${digits.padStart(width, '0')}`)),
    ),
  ].flat(2)
  return names.flatMap((name) => [`&${name};`, `&amp;${name};`])
}

function bothCases(write: (digits: string[]) => string, digits: string[]): string[] {
  return [write(digits), write(digits.map((text) => text.toUpperCase()))]
}

/** The characters that are the same wherever the bytes stand in a longer text, at the three offsets, in both alphabets. */
function base64Forms(bytes: Buffer): Form[] {
  return piecesOf(bytes).flatMap((piece) =>
    [0, 1, 2].map((offset) => {
      const text = Buffer.concat([Buffer.alloc(offset), piece]).toString('base64')
      const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + piece.length) * 8) / 6))
      return { steps: [...core].map(bothAlphabets), wraps: true }
    }),
  )
}

function bothAlphabets(character: string): string[] {
  if (character === '+') return ['+', '-', '%2B', '%2b']
  return character === '/' ? ['/', '_', '\\/', '%2F', '%2f'] : [character]
}

function piecesOf(bytes: Buffer): Buffer[] {
  if (bytes.length <= PIECE) return [bytes]
  const last = bytes.length - PIECE
  const starts = Array.from({ length: Math.ceil(last / (PIECE - OVERLAP)) }, (_, index) => index * (PIECE - OVERLAP))
  return [...starts, last].map((start) => bytes.subarray(start, start + PIECE))
}
