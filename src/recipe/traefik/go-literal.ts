// cspell:ignore abfnrtv
const SIMPLE: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, '"': 34 }
const PIECE =
  /\\(?:x(?<hex>[0-9a-fA-F]{2})|(?<octal>[0-7]{3})|u(?<short>[0-9a-fA-F]{4})|U(?<long>[0-9a-fA-F]{8})|(?<simple>[abfnrtv\\"]))|[^\\\n]/gu

/**
 * What a literal of Go stands for, quotes included: in the raw form, between grave accents, all is itself, but carriage returns are dropped; between double quotes
 * there are escapes, of which `\x74` and `\164` name single bytes of UTF-8 (go.dev/ref/spec, String literals). Null when Go does not take it.
 */
export function unquote(literal: string): string | null {
  const inside = literal.slice(1, -1)
  if (literal.startsWith('`')) return inside.replaceAll('\r', '')
  const bytes: number[] = []
  let read = 0
  for (const { 0: piece, groups = {} } of inside.matchAll(PIECE)) {
    const meant = piece.startsWith('\\') ? bytesOf(groups) : Buffer.from(piece)
    if (meant === null) return null
    bytes.push(...meant)
    read += piece.length
  }
  return read === inside.length ? Buffer.from(bytes).toString('utf8') : null
}

/** One escape, by what follows its backslash. */
function bytesOf({ hex, octal, short, long, simple }: Readonly<Record<string, string | undefined>>) {
  const character = short ?? long
  if (character !== undefined) return charOf(Number.parseInt(character, 16))
  const byte = simple === undefined ? Number.parseInt(hex ?? octal ?? '', hex === undefined ? 8 : 16) : SIMPLE[simple]
  return byte === undefined || byte > 0xff ? null : [byte]
}

function charOf(point: number): Iterable<number> | null {
  const valid = point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000)
  return valid ? Buffer.from(String.fromCodePoint(point)) : null
}
