/**
 * The hosts that a Traefik rule keeps to, lower case; null when requests for any host may match, or when the rule cannot be read. Grammar:
 * matchers `Name(literal, …)` joined by `&&`, `||`, `!` and parentheses (doc.traefik.io, routing rules).
 */
export function boundHosts(rule: string): readonly string[] | null {
  const tokens = rule.match(/`[^`]*`|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|&&|\|\||[A-Za-z]+|[!(),]|\S/g) ?? []
  const reader = new Reader(tokens)
  const bound = reader.either()
  return reader.done ? bound : null
}

type Bound = readonly string[] | null

class Reader {
  readonly #tokens: readonly string[]
  #at = 0
  #broken = false

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens
  }

  get done(): boolean {
    return !this.#broken && this.#at === this.#tokens.length
  }

  /** Each alternative must keep to hosts by itself. */
  either(): Bound {
    const sides = [this.#all()]
    while (this.#take('||')) sides.push(this.#all())
    return sides.includes(null) ? null : sides.flatMap((side) => side ?? [])
  }

  /** One condition that keeps to hosts is enough for all of them. */
  #all(): Bound {
    const sides = [this.#one()]
    while (this.#take('&&')) sides.push(this.#one())
    const bound = sides.filter((side) => side !== null)
    return bound.length > 0 ? bound.flat() : null
  }

  #one(): Bound {
    if (this.#take('!')) {
      this.#one()
      return null
    }
    if (this.#take('(')) {
      const inner = this.either()
      this.#must(')')
      return inner
    }
    return this.#matcher()
  }

  #matcher(): Bound {
    const name = this.#tokens[this.#at] ?? ''
    this.#at += 1
    if (!/^[A-Za-z]+$/.test(name)) this.#broken = true
    this.#must('(')
    const literals: string[] = []
    while (!this.#broken && this.#tokens[this.#at] !== ')' && this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at] ?? ''
      this.#at += 1
      if (/^[`"']/.test(token)) literals.push(token.slice(1, -1).toLowerCase())
      else if (token !== ',') this.#broken = true
    }
    this.#must(')')
    return /^Host(SNI)?$/i.test(name) && literals.length > 0 ? literals : null
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at += 1
    return true
  }

  #must(token: string): void {
    if (!this.#take(token)) this.#broken = true
  }
}
