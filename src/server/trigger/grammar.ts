/** What the first line of a comment asks for. `sha`: 7 to 40 hex digits, lower case; null: whatever the head is. */
export type Command =
  | { readonly kind: 'test'; readonly sha: string | null; readonly quick: boolean; readonly base: string }
  | { readonly kind: 'cancel' }
  /** It begins like a command and is none: the line, cut, for the answer. */
  | { readonly kind: 'unclear'; readonly line: string }

export const GRAMMAR = [
  '!testme',
  '!testme <commit>',
  '!testme --quick',
  '!testme --base <version>',
  '!cancel',
] as const

const MOST_LINE = 400

/**
 * Reads the first line of a comment, and nothing else of it; null: no command. A command is a whole word: `!testmeplease` is none. The line
 * is taken as it stands: full-width or other lookalikes of a character are other characters.
 */
export function readCommand(body: string): Command | null {
  const line = firstLine(body)
  const [word, ...rest] = line.split(/[ \t]+/)
  if (word === '!cancel') return rest.length === 0 ? { kind: 'cancel' } : { kind: 'unclear', line }
  if (word !== '!testme') return null
  return readTest(rest) ?? { kind: 'unclear', line }
}

function firstLine(body: string): string {
  const start = body.slice(0, 2 * MOST_LINE)
  return (start.split(/\r\n|\n|\r/, 1)[0] ?? '').slice(0, MOST_LINE).replace(/^[ \t]+|[ \t]+$/g, '')
}

function readTest(words: readonly string[]): Command | null {
  let sha: string | null = null
  let base: string | null = null
  let quick = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--quick' && !quick) quick = true
    else if (word === '--base' && base === null && isBase(words[at + 1])) base = words[++at] ?? null
    else if (/^[0-9a-f]{7,40}$/i.test(word) && sha === null) sha = word.toLowerCase()
    else return null
  }
  return { kind: 'test', sha, quick, base: base ?? 'auto' }
}

/** A version as tags name it, `auto` or `none`. */
function isBase(word: string | undefined): boolean {
  return word !== undefined && /^[A-Za-z0-9][\w.+-]{0,99}$/.test(word)
}
