const PART =
  /(?<space>\s+)|(?<escape>\\(?<escaped>[\s\S]?))|'(?<single>[^']*)'|"(?<double>(?:\\[\s\S]|[^"\\])*)"|(?<comment>#)|(?<plain>[^\s\\'"#]+)/gy

/**
 * Splits a command as the docker CLI does (google/shlex): quotes, backslashes, and `#` at the start of a word begins a comment.
 * Undefined when a quote is never closed.
 */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  let at = 0
  for (const { 0: whole, index, groups = {} } of text.matchAll(PART)) {
    if (index < at) continue
    at = index + whole.length
    if (groups.space !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (groups.comment !== undefined && word === undefined) at = endOfLine(text, index)
    else word = (word ?? '') + contentOf(whole, groups)
  }
  if (at < text.length) return undefined
  if (word !== undefined) words.push(word)
  return words
}

function contentOf(whole: string, groups: Record<string, string | undefined>): string {
  if (groups.escape !== undefined) return groups.escaped ?? ''
  return groups.single ?? groups.double?.replace(/\\([\s\S])/g, '$1') ?? whole
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
