import { unquote } from './go-literal.ts'

export interface Matcher {
  /** In lower case. */
  readonly name: string
  /** As Traefik understands them: without quotes and escapes. */
  readonly values: readonly string[]
}

/**
 * A rule as Traefik reads it: matchers ``Name(`literal`, …)`` joined by `&&` before `||`, `!` and brackets (doc.traefik.io, routing rules). Traefik
 * takes it for an expression of Go.
 */
export type RouterRule =
  | { readonly is: 'matcher'; readonly matcher: Matcher }
  | { readonly is: 'not'; readonly of: RouterRule }
  | { readonly is: 'all' | 'any'; readonly of: readonly RouterRule[] }

/** A longer rule, or deeper brackets, are none that a person wrote; characters and levels. */
export const MAX_RULE = 10_000
const MAX_DEPTH = 50

// A literal in single quotes is none for Go, which then refuses the rule as a whole; it is read so that one can say what was meant.
const TOKEN = /`[^`]*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|&&|\|\||[A-Za-z_]\w*|[^ \t\r\n]/g
const NAME = /^[A-Za-z]/
const LITERAL = /^(?:`[^`]*`|(["']).*\1)$/s

/** Null when it is no rule, in which case Traefik has no router of it, or one that no person wrote. Takes time in proportion to its length. */
export function readRule(text: string): RouterRule | null {
  if (text.length > MAX_RULE) return null
  const reader = new Reader(text.match(TOKEN) ?? [])
  const rule = reader.either(0)
  return reader.done ? rule : null
}

class Reader {
  readonly #tokens: readonly string[]
  #at = 0

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  get done(): boolean {
    return this.#at === this.#tokens.length
  }

  either(depth: number): RouterRule | null {
    return this.#joined('any', '||', () => this.#joined('all', '&&', () => this.#one(depth)))
  }

  #joined(is: 'all' | 'any', by: string, part: () => RouterRule | null): RouterRule | null {
    const parts: RouterRule[] = []
    do {
      const one = part()
      if (one === null) return null
      parts.push(one)
    } while (this.#take(by))
    return { is, of: parts }
  }

  #one(depth: number): RouterRule | null {
    if (depth > MAX_DEPTH) return null
    if (this.#take('!')) {
      const negated = this.#one(depth + 1)
      return negated && { is: 'not', of: negated }
    }
    if (!this.#take('(')) return this.#matcher()
    const inside = this.either(depth + 1)
    return this.#take(')') ? inside : null
  }

  #matcher(): RouterRule | null {
    const name = this.#next(NAME)
    if (name === null || !this.#take('(')) return null
    const values: string[] = []
    while (!this.#take(')')) {
      const literal = this.#next(LITERAL)
      const value = literal === null ? null : unquote(literal)
      if (value === null) return null
      values.push(value)
      if (!this.#take(',') && this.#tokens[this.#at] !== ')') return null
    }
    return { is: 'matcher', matcher: { name: name.toLowerCase(), values } }
  }

  #next(shape: RegExp): string | null {
    const token = this.#tokens[this.#at]
    if (token === undefined || !shape.test(token)) return null
    this.#at += 1
    return token
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at += 1
    return true
  }
}
