// cspell:ignore nrtbf
import type { Form } from './mask-forms.ts'

/** More text is needed to say whether something begins here. */
export const UNDECIDED = -2
const NOTHING = -1

/** What may stand between two characters of a form that wraps: line ends and the indentation of the next line, so many characters at most. */
const MAX_GAP = 24
/** Added to a gap after a backslash, which may begin a line end as JSON writes it. */
const ESCAPED = 100
/** How far back a boundary is looked for: the longest escape that may end where a word begins. */
export const LOOK_BEHIND = 16

const [LF, CR, TAB, SPACE, BACKSLASH, LETTER_N, LETTER_R] = [...'\n\r\t \\nr'].map((c) => c.charCodeAt(0))
/** So many characters tell whether a form may begin with them; none is shorter. */
export const BEGIN = 4
const HASH_SHIFT = 5
const HASHES = 1 << (BEGIN * HASH_SHIFT)
const WORD = /[\p{L}\p{N}_]/u
/** What ends before a word although its last character is a letter or digit: escapes of JSON, of URLs, of entities, of terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's escape begins with one.
const BEFORE_WORD = /(?:\\[nrtbf]|\\u[0-9a-f]{4}|%[0-9a-f]{2}|\u001b\[[0-9;]{0,10}[a-z])$/i

/** Where a form may have come to; `gap`: so many characters of a line end since. */
interface Place {
  readonly node: Node
  readonly gap: number
}

interface Node {
  readonly next: Map<number, Node[]>
  /** Something is whole here. */
  end: 'anywhere' | 'alone' | null
  wraps: boolean
}

/**
 * Finds where any of many forms stands. Each position is looked at once; what its first four characters are rules nearly all of them out, so that time grows
 * with the length of the text and not with the number of forms.
 */
export class FormSearch {
  readonly #root: Node = node()
  /** Hashes of the first characters of all forms. */
  readonly #begins = new Uint8Array(HASHES)

  /** `alone`: counts only where no letter, digit or underscore stands beside it. A form has four steps or more. */
  add({ steps, wraps }: Form, where: 'anywhere' | 'alone'): void {
    const begun = node()
    let last = begun
    for (const writings of steps) {
      const after = node()
      for (const text of writings) link(last, text, after)
      after.wraps = wraps
      last = after
    }
    last.wraps = false
    last.end = where
    for (const [code, nodes] of begun.next) this.#root.next.set(code, [...(this.#root.next.get(code) ?? []), ...nodes])
    this.#noteBegin(begun)
  }

  /** The first position from `from` on where by its first four characters something may begin; where that needs more text: `text.length - 3`, or `from`. */
  nextBegin(text: string, from: number): number {
    const begins = this.#begins
    const { length } = text
    if (from + BEGIN > length) return from
    let hash = 0
    for (let at = from; at < from + BEGIN - 1; at++) hash = rolled(hash, text.charCodeAt(at))
    for (let at = from + BEGIN - 1; at < length; at++) {
      hash = rolled(hash, text.charCodeAt(at))
      if (begins[hash] === 1) return at - (BEGIN - 1)
    }
    return length - (BEGIN - 1)
  }

  /** The end of the longest that begins at `start`: -1 for nothing, UNDECIDED where the text ends too early and is not `whole`. */
  endFrom(text: string, start: number, whole: boolean): number {
    let places: Place[] = [{ node: this.#root, gap: 0 }]
    let best = NOTHING
    for (let at = start; at < text.length; at++) {
      places = stepped(places, text.charCodeAt(at))
      if (places.length === 0) return best
      const end = endAt(places)
      if (end === 'alone' && at + 1 === text.length && !whole) return UNDECIDED
      if (end === 'anywhere' || (end === 'alone' && isAlone(text, start, at + 1))) best = at + 1
    }
    return whole ? best : UNDECIDED
  }

  #noteBegin(begun: Node): void {
    let ways: [hash: number, nodes: Node[]][] = [[0, [begun]]]
    for (let count = 0; count < BEGIN; count++) {
      ways = ways.flatMap(([hash, nodes]) =>
        nodes.flatMap(follow).map(([code, next]): [number, Node[]] => [rolled(hash, code), next]),
      )
    }
    for (const [hash] of ways) this.#begins[hash] = 1
  }
}

function stepped(places: readonly Place[], code: number): Place[] {
  const next: Place[] = []
  const reach = (node: Node, gap: number) => {
    if (!next.some((one) => one.node === node && one.gap === gap)) next.push({ node, gap })
  }
  for (const { node, gap } of places) {
    if (gap < ESCAPED) for (const to of node.next.get(code) ?? []) reach(to, 0)
    const wider = node.wraps ? widened(gap, code) : 0
    if (wider > 0) reach(node, wider)
  }
  return next
}

function endAt(places: readonly Place[]): Node['end'] {
  let found: Node['end'] = null
  for (const { node, gap } of places) if (gap === 0 && found !== 'anywhere') found = node.end ?? found
  return found
}

function node(): Node {
  return { next: new Map(), end: null, wraps: false }
}

function link(from: Node, text: string, to: Node): void {
  let at = from
  for (let index = 0; index < text.length; index++) {
    const next = index === text.length - 1 ? to : node()
    const code = text.charCodeAt(index)
    at.next.set(code, [...(at.next.get(code) ?? []), next])
    at = next
  }
}

/** Every character that may come next, with where it leads to. */
function follow(from: Node): [number, Node[]][] {
  const gap = from.wraps ? [LF, CR, BACKSLASH].map((code): [number, Node[]] => [code as number, [within(from)]]) : []
  return [...from.next, ...gap]
}

/** A node within a gap: for the first characters of a form only, where one gap is enough to tell. */
function within(from: Node): Node {
  const next = new Map(from.next)
  for (const code of [LF, CR, TAB, SPACE, BACKSLASH, LETTER_N, LETTER_R])
    if (!next.has(code as number)) next.set(code as number, [{ next, end: null, wraps: false }])
  return { next, end: null, wraps: false }
}

function widened(gap: number, code: number): number {
  if (gap >= MAX_GAP && gap < ESCAPED) return 0
  if (gap >= ESCAPED) return code === LETTER_N || code === LETTER_R ? gap - ESCAPED + 2 : 0
  if (code === LF || code === CR) return gap + 1
  if (code === BACKSLASH) return gap + ESCAPED
  return gap > 0 && (code === SPACE || code === TAB) ? gap + 1 : 0
}

/** Forgets what is more than BEGIN characters back. */
function rolled(hash: number, code: number): number {
  return ((hash << HASH_SHIFT) ^ code) & (HASHES - 1)
}

/** An end of it that is no part of a word itself may have anything beside it. */
function isAlone(text: string, start: number, end: number): boolean {
  const free = (inner: string, outer: string) => outer === '' || !WORD.test(inner) || !WORD.test(outer)
  const before = text.slice(Math.max(0, start - LOOK_BEHIND), start)
  return (
    (free(text.charAt(start), before.slice(-1)) || BEFORE_WORD.test(before)) &&
    free(text.charAt(end - 1), text.charAt(end))
  )
}
