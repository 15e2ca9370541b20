/** Lines that programs draw around what they say: box-drawing characters at both ends. */
const FRAMED = /^\s*[\u2500-\u257f]+\s*(.*?)\s*[\u2500-\u257f]+\s*$/u

/**
 * The lines of a log that say something, without the boxes drawn around them: a framed notice would take the place of the lines before it. Where
 * nothing has a letter or digit, all that are not blank.
 */
export function withoutFrames(lines: readonly string[]): string[] {
  const said = lines.map((line) => line.replace(FRAMED, '$1')).filter((line) => /[\p{L}\p{N}]/u.test(line))
  return said.length > 0 ? said : lines.filter((line) => line.trim() !== '')
}
