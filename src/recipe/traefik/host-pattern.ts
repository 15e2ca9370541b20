// One piece of a pattern: an escape, a class, a bracket, or any other character. Quoting (\Q), classes in classes and what else Go knows is none.
const PIECE = /\\[-.dDwWsS]|\[\^?(?:[^[\]\\]|\\[-.dDwWsS])+\]|\((?:\?:|\?P?<\w+>)?|[^\\[\](]/y

/**
 * True when every host that this pattern of `HostRegexp` matches surely ends, or continues, with `host`: the pattern is something whole and then
 * the host itself. Both spellings of Traefik are read, `^[a-z]+\.example\.com$` and `{name:[a-z]+}.example.com`. False where that cannot be said.
 */
export function patternKeepsTo(pattern: string, host: string): boolean {
  const literal = host.toLowerCase().replace(/[-.]/g, (char) => `\\\\?\\${char}`)
  const [end] = new RegExp(`${literal}\\$?$`, 'i').exec(pattern) ?? []
  return end !== undefined && isWhole(pattern.slice(0, -end.length))
}

/** No bracket is left open, and there is no alternative outside brackets, which would stand for all that follows. */
function isWhole(pattern: string): boolean {
  let depth = 0
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < pattern.length) {
    const [piece] = PIECE.exec(pattern) ?? []
    if (piece === undefined || (piece === '|' && depth === 0)) return false
    if (piece.startsWith('(')) depth += 1
    if (piece === ')') depth -= 1
    if (depth < 0) return false
  }
  return depth === 0
}
