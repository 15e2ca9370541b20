/** Everything that moves a cursor, colours, or reorders text: what a recipe says must not be able to do that. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Text of a stranger without escape sequences and control characters; line ends and tabs stay. */
export function plain(text: string): string {
  return text.replace(ESCAPES, '').replace(/\r\n?/g, '\n').replace(CONTROLS, '')
}

/** The same on one line. */
export function oneLine(text: string): string {
  return plain(text).replace(/\s+/g, ' ').trim()
}

/** At most `width` columns, the last one `…` when something was cut. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let used = 0
  let kept = ''
  for (const character of text) {
    used += displayWidth(character)
    if (used > width - 1) break
    kept += character
  }
  return `${kept}…`
}

/** Rows of at most `width` columns, broken between words. A word that is longer is a row of its own, whole: a path must stay one to be copied. */
export function wrap(text: string, width: number): string[] {
  const rows = ['']
  for (const word of text.split(' ')) {
    const last = rows.at(-1) ?? ''
    if (last !== '' && displayWidth(last) + displayWidth(word) + 1 > width) rows.push(word)
    else rows[rows.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return rows
}

/** Columns that a terminal gives to a text without escape sequences: none for a mark on the letter before, two for wide letters and pictures. */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length
  let columns = 0
  for (const character of text) columns += NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1
  return columns
}

const NARROW = /^[\u0020-\u007e]*$/
const NONE = /[\p{Mark}\u200b-\u200d\u2060\ufeff]/u
const WIDE =
  /[\p{Emoji_Presentation}\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3f000}]/u
