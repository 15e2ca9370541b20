/** A place on the web that a rule leads to. */
export interface RoutePlace {
  /** In lower case. */
  readonly host: string
  /** Without a matcher for paths: `/`. */
  readonly path: string
  /** True where the path itself is meant and nothing below it. */
  readonly exact: boolean
}

export interface Matcher {
  /** In lower case. */
  readonly name: string
  readonly values: readonly string[]
}

/**
 * A rule as Traefik reads it: matchers ``Name(`literal`, …)`` joined by `&&` before `||`, `!` and brackets (doc.traefik.io, routing rules).
 */
export type Rule =
  | { readonly is: 'matcher'; readonly matcher: Matcher }
  | { readonly is: 'not'; readonly of: Rule }
  | { readonly is: 'all' | 'any'; readonly of: readonly Rule[] }

/** Either of them is enough; within one all must hold. */
type Alternatives = readonly (readonly Matcher[])[]

/** More alternatives, or deeper brackets, are no rule that a person wrote. */
const MAX_ALTERNATIVES = 200
const MAX_DEPTH = 50

/**
 * The hosts that a rule keeps to, lower case; null when requests for any host may match, or when the rule cannot be read.
 */
export function boundHosts(text: string): readonly string[] | null {
  const rule = readRule(text)
  return rule && boundBy(rule)
}

/** True when no request meets the rule but by a matcher that is `kept`. False also for a rule that cannot be read. */
export function keepsTo(text: string, kept: (matcher: Matcher) => boolean): boolean {
  const rule = readRule(text)
  return rule !== null && isKept(rule, kept)
}

/**
 * The places that a router's rule surely leads to: a plain GET there meets it. Null where that cannot be said: patterns, headers,
 * methods, negations, or no host at all.
 */
export function placesOf(text: string): RoutePlace[] | null {
  const rule = readRule(text)
  const alternatives = rule && alternativesOf(rule)
  if (alternatives === null) return null
  const places = alternatives.map(placesOfOne)
  return places.includes(null) ? null : places.flatMap((some) => some ?? [])
}

/** True when `place` leads to where `other` is, or to more than that. */
export function covers(place: RoutePlace, other: RoutePlace): boolean {
  if (place.host !== other.host) return false
  if (place.exact) return other.exact && place.path === other.path
  return other.path.startsWith(place.path)
}

function boundBy(rule: Rule): readonly string[] | null {
  if (rule.is === 'not') return null
  if (rule.is === 'matcher') {
    const { name, values } = rule.matcher
    return /^host(sni)?$/.test(name) && values.length > 0 ? values.map((value) => value.toLowerCase()) : null
  }
  const sides = rule.of.map(boundBy)
  const bound = sides.filter((side) => side !== null)
  // Of alternatives each must keep to hosts by itself; of conditions one is enough for all.
  const kept = rule.is === 'any' ? bound.length === sides.length : bound.length > 0
  return kept ? bound.flat() : null
}

/** Of alternatives each must be kept by itself; of conditions one is enough for all. */
function isKept(rule: Rule, kept: (matcher: Matcher) => boolean): boolean {
  if (rule.is === 'not') return false
  if (rule.is === 'matcher') return kept(rule.matcher)
  return rule.is === 'any' ? rule.of.every((part) => isKept(part, kept)) : rule.of.some((part) => isKept(part, kept))
}

function alternativesOf(rule: Rule): Alternatives | null {
  if (rule.is === 'not') return null
  if (rule.is === 'matcher') return [[rule.matcher]]
  let found: Alternatives = rule.is === 'any' ? [] : [[]]
  for (const part of rule.of) {
    const more = alternativesOf(part)
    if (more === null) return null
    found = rule.is === 'any' ? [...found, ...more] : found.flatMap((left) => more.map((right) => [...left, ...right]))
    if (found.length > MAX_ALTERNATIVES) return null
  }
  return found
}

function placesOfOne(matchers: readonly Matcher[]): RoutePlace[] | null {
  const hosts = matchers.filter(({ name }) => name === 'host')
  const paths = matchers.filter(({ name }) => /^path(prefix)?$/.test(name))
  if (hosts.length !== 1 || paths.length > 1 || hosts.length + paths.length < matchers.length) return null
  const [where] = paths
  if (where?.values.some(isPattern)) return null
  const exact = where?.name === 'path'
  return (hosts[0]?.values ?? []).flatMap((host) =>
    (where?.values ?? ['/']).map((path) => ({ host: host.toLowerCase(), path, exact })),
  )
}

/** Traefik 2 takes `{name}` and `{name:pattern}` for any text that fits; in Traefik 3 they mean nothing else that a person would write. */
export function isPattern(path: string): boolean {
  return /\{[^}]*\}/.test(path)
}

const TOKEN = /`[^`]*`|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|&&|\|\||[A-Za-z]\w*|[!(),]|\S/g
const NAME = /^[A-Za-z]/
const LITERAL = /^[`"'].*[`"']$/s

/** Null when it is no rule. */
export function readRule(text: string): Rule | null {
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

  either(depth: number): Rule | null {
    return this.#joined('any', '||', () => this.#joined('all', '&&', () => this.#one(depth)))
  }

  #joined(is: 'all' | 'any', by: string, part: () => Rule | null): Rule | null {
    const parts: Rule[] = []
    do {
      const one = part()
      if (one === null) return null
      parts.push(one)
    } while (this.#take(by))
    return { is, of: parts }
  }

  #one(depth: number): Rule | null {
    if (depth > MAX_DEPTH) return null
    if (this.#take('!')) {
      const negated = this.#one(depth + 1)
      return negated && { is: 'not', of: negated }
    }
    if (!this.#take('(')) return this.#matcher()
    const inside = this.either(depth + 1)
    return this.#take(')') ? inside : null
  }

  #matcher(): Rule | null {
    const name = this.#next(NAME)
    if (name === null || !this.#take('(')) return null
    const values: string[] = []
    while (!this.#take(')')) {
      const literal = this.#next(LITERAL)
      if (literal === null) return null
      values.push(literal.slice(1, -1))
      this.#take(',')
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
