/** A longer pattern, or a longer example, is none that a person wrote. */
const MAX_LENGTH = 300

/** What `\d` and its like stand for. */
const CLASSES: Readonly<Record<string, string>> = { d: '0', w: 'x' }

/**
 * A text that surely fits a pattern of Go's regexp: the first alternative that can be told, as little of a repetition as it allows. Null where the
 * pattern has more to it than what paths are written with. The pattern is read and never run, for it is a stranger's.
 */
export function exampleOf(pattern: string): string | null {
  if (pattern.length > MAX_LENGTH) return null
  const reader = new PatternReader(pattern)
  const example = reader.either()
  return reader.done ? example : null
}

class PatternReader {
  readonly #pattern: string
  #at = 0

  constructor(pattern: string) {
    this.#pattern = pattern
  }

  get done(): boolean {
    return this.#at === this.#pattern.length
  }

  either(): string | null {
    let example = this.#sequence()
    while (this.#take(/\|/y)) {
      const other = this.#sequence()
      example ??= other
    }
    return example
  }

  /** Continues to its end where it holds something unknown: another alternative may come. */
  #sequence(): string | null {
    let text: string | null = ''
    while (!this.done && !/[|)]/.test(this.#pattern[this.#at] ?? '')) {
      const piece = this.#repeated()
      text = text === null || piece === null || text.length + piece.length > MAX_LENGTH ? null : text + piece
    }
    return text
  }

  #repeated(): string | null {
    const one = this.#one()
    const times = this.#take(/([*?+]|\{\d+(?:,\d*)?\})\??/y)?.[1]
    if (times === undefined) return one
    if (times === '*' || times === '?') return ''
    const least = times === '+' ? 1 : Number.parseInt(times.slice(1), 10)
    return one === null || one.length * least > MAX_LENGTH ? null : one.repeat(least)
  }

  #one(): string | null {
    const opened = this.#take(/\((?:\?(?::|P?<\w+>)|\??)/y)
    if (opened) {
      const inside = this.either()
      return this.#take(/\)/y) && opened[0] !== '(?' ? inside : null
    }
    const set = this.#take(/\[(\^?)((?:\\.|[^\]\\])+)\]/y)
    if (set) return memberOf(set[2] ?? '', set[1] === '^')
    const escaped = this.#take(/\\(.)/y)?.[1]
    if (escaped !== undefined) return /[A-Za-z0-9]/.test(escaped) ? (CLASSES[escaped] ?? null) : escaped
    const char = this.#pattern[this.#at] ?? ''
    this.#at += 1
    if (char === '^' || char === '$') return ''
    return char === '.' ? 'x' : /[*+?[\]{}]/.test(char) ? null : char
  }

  #take(what: RegExp): RegExpExecArray | null {
    what.lastIndex = this.#at
    const found = what.exec(this.#pattern)
    if (found) this.#at = what.lastIndex
    return found
  }
}

/** One character of a set such as `a-z0-9`; of `^/` one that is not in it. */
function memberOf(set: string, negated: boolean): string | null {
  if (negated) return /[\w\\:]/.test(set) ? null : 'x'
  const [first = ''] = set
  if (first === '\\') return CLASSES[set[1] ?? ''] ?? null
  return /\w/.test(first) ? first : null
}
