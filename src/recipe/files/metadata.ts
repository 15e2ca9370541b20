/** Lines of the block beyond this are left unread: nobody writes so many. */
const MOST_LINES = 1000

/** A line beyond this is left unread: nobody writes such metadata. */
const LONGEST_LINE = 2000

/**
 * The README's metadata block (`<!-- metadata -->` … `<!-- endmetadata -->`), keys and values as written, read leniently: any
 * bullet, bold or not, any value. Null without a block.
 */
export function readMetadata(readme: string): ReadonlyMap<string, string> | null {
  const begin = /<!--\s*metadata\s*-->/i.exec(readme)
  if (!begin) return null
  const rest = readme.slice(begin.index + begin[0].length)
  const end = /<!--\s*endmetadata\s*-->/i.exec(rest)
  const lines = rest.slice(0, end?.index).split(/\r?\n/, MOST_LINES)
  return new Map(lines.filter(({ length }) => length <= LONGEST_LINE).flatMap(pairOf))
}

/** Read by hand: a pattern with blanks on both sides of everything takes time with the square of a run of blanks. */
function pairOf(line: string): [string, string][] {
  const bullet = /^\s*[*+-]\s+/.exec(line)
  const text = bullet ? line.slice(bullet[0].length) : ''
  const colon = text.indexOf(':')
  if (colon === -1) return []
  const key = withoutMark(withoutMark(text.slice(0, colon).trim(), 'startsWith'), 'endsWith')
  return key === '' || /[*_]/.test(key) ? [] : [[key, withoutMark(text.slice(colon + 1).trim(), 'startsWith')]]
}

/** Without the mark of bold text at one of its ends. */
function withoutMark(text: string, at: 'startsWith' | 'endsWith'): string {
  if (!text[at]('**') && !text[at]('__')) return text
  return (at === 'startsWith' ? text.slice(2) : text.slice(0, -2)).trim()
}
