// cspell:ignore testme testmeplease
import type { CommentEvent } from '../contract/forge.ts'

/** What the first line of a comment asks for. `line` of an unknown command is cut to 200 characters. */
export type Command =
  | { readonly kind: 'none' }
  | { readonly kind: 'grammar'; readonly line: string }
  | { readonly kind: 'cancel' }
  | {
      readonly kind: 'test'
      /** 7 to 40 hex digits in lower case; null: the head. */
      readonly commit: string | null
      readonly quick: boolean
      /** A version, `auto` or `none`. */
      readonly base: string
    }
  | { readonly kind: 'why'; readonly commit: string | null }

const LONGEST_LINE = 400
const LONGEST_QUOTE = 200
const COMMIT = /^[0-9a-f]{7,40}$/i
const BASE = /^(auto|none|\d[\w.+-]{0,99})$/
/** The forge sets the times of creation and update one after the other: a difference of up to this much is no edit. */
const EDIT_TOLERANCE_MS = 1000

/**
 * The command of a comment. A comment that was edited before this server saw it has none: others than its author may edit it, and its first
 * text is unknown. It gets the same reply as an unknown command.
 */
export function commandOf({ comment, head }: CommentEvent): Command {
  const command = parseCommand(comment.body)
  const updatedAfterMs = Date.parse(comment.updatedAt) - Date.parse(comment.createdAt)
  const edited = head === null && updatedAfterMs > EDIT_TOLERANCE_MS
  if (!edited || command.kind === 'none') return command
  return { kind: 'grammar', line: `${quoteLine(comment.body)} (edited: please write a new comment)` }
}

/**
 * Reads the first line only, and of a longer line only its beginning: `!testme [SHA] [--quick] [--base X]` in any order, `!testme [SHA] --why`, or `!cancel`, with
 * blanks and tabs between and around. Exact: another case, a letter that only looks alike or another word (`!testmeplease`) is `none`.
 */
export function parseCommand(body: string): Command {
  const line = firstLine(body)
  const command = /^!(testme|cancel)(?![\p{L}\p{N}\p{M}\p{Cf}_-])/u.exec(line)?.[1]
  if (!command) return { kind: 'none' }
  const words = line.length > LONGEST_LINE ? null : line.split(/[ \t]+/)
  const wrong: Command = { kind: 'grammar', line: quoteLine(body) }
  if (!words || words[0] !== `!${command}`) return wrong
  if (command === 'testme') return runCommand(words.slice(1)) ?? wrong
  return words.length === 1 ? { kind: 'cancel' } : wrong
}

/** The first line, cut to 200 characters: untrusted text. */
function quoteLine(body: string): string {
  return firstLine(body).slice(0, LONGEST_QUOTE).toWellFormed()
}

function runCommand(words: readonly string[]): Command | null {
  return words.includes('--why') ? whyCommand(words) : testCommand(words)
}

function whyCommand(words: readonly string[]): Command | null {
  const others = words.filter((word) => word !== '--why')
  const [commit = null] = others
  const isClear = words.length - others.length === 1 && others.length <= 1 && (commit === null || COMMIT.test(commit))
  return isClear ? { kind: 'why', commit: commit?.toLowerCase() ?? null } : null
}

function testCommand(words: readonly string[]): Command | null {
  let commit: string | null = null
  let quick = false
  let base: string | null = null
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word === '--quick' && !quick) quick = true
    else if (word === '--base' && base === null) {
      base = words[++at] ?? ''
      if (!BASE.test(base)) return null
    } else if (COMMIT.test(word) && commit === null) commit = word.toLowerCase()
    else return null
  }
  return { kind: 'test', commit, quick, base: base ?? 'auto' }
}

function firstLine(body: string): string {
  const start = body.slice(0, LONGEST_LINE * 2).replace(/^[ \t]+/, '')
  const line = start.split(/\r\n|\n|\r/, 1)[0] ?? ''
  return line.replace(/[ \t]+$/, '').slice(0, LONGEST_LINE + 1)
}
