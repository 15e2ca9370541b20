/** A place on the web that a rule leads to. */
export interface RoutePlace {
  /** In lower case. */
  readonly host: string
  /** Without a matcher for paths: `/`. */
  readonly path: string
  /** True where the path itself is meant and nothing below it. */
  readonly exact: boolean
}

interface Matcher {
  readonly name: string
  readonly values: readonly string[]
}

/** Either of them is enough; within one all must hold. */
type Alternatives = readonly (readonly Matcher[])[]

const TOKEN = /\s*(&&|\|\||!|\(|\)|[A-Za-z]\w*\s*\(\s*(?:[`"'][^`"']*[`"']\s*,?\s*)*\))/y
const VALUE = /[`"']([^`"']*)[`"']/g
/** More alternatives than this are no rule that a person wrote. */
const MAX_ALTERNATIVES = 200

/**
 * The places that a router's rule surely leads to: a plain GET there meets it. Null where that cannot be said: patterns, headers,
 * methods, negations, or no host at all.
 */
export function placesOf(rule: string): RoutePlace[] | null {
  const alternatives = parse(rule)
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

function placesOfOne(matchers: readonly Matcher[]): RoutePlace[] | null {
  const hosts = matchers.filter(({ name }) => name === 'host')
  const paths = matchers.filter(({ name }) => /^path(prefix)?$/.test(name))
  if (hosts.length !== 1 || paths.length > 1 || hosts.length + paths.length < matchers.length) return null
  const [where] = paths
  const exact = where?.name === 'path'
  return (hosts[0]?.values ?? []).flatMap((host) =>
    (where?.values ?? ['/']).map((path) => ({ host: host.toLowerCase(), path, exact })),
  )
}

/** Brackets, `&&` before `||`, as Traefik reads them. */
function parse(rule: string): Alternatives | null {
  const tokens = tokensOf(rule)
  if (tokens === null) return null
  let at = 0
  const either = (): Alternatives | null => {
    let found = both()
    while (found !== null && tokens[at] === '||') {
      at += 1
      const more = both()
      found = more && [...found, ...more]
    }
    return found
  }
  const both = (): Alternatives | null => {
    let found = one()
    while (found !== null && tokens[at] === '&&') {
      at += 1
      const more = one()
      found = more && found.flatMap((left) => more.map((right) => [...left, ...right]))
      if (found !== null && found.length > MAX_ALTERNATIVES) return null
    }
    return found
  }
  const one = (): Alternatives | null => {
    const token = tokens[at]
    at += 1
    if (token === '(') {
      const inside = either()
      at += 1
      return tokens[at - 1] === ')' ? inside : null
    }
    const name = token === undefined ? undefined : /^([A-Za-z]\w*)\s*\(/.exec(token)?.[1]
    if (name === undefined || token === undefined) return null
    return [[{ name: name.toLowerCase(), values: [...token.matchAll(VALUE)].map(([, value = '']) => value) }]]
  }
  const found = either()
  return at === tokens.length ? found : null
}

function tokensOf(rule: string): string[] | null {
  const text = rule.trim()
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const [, token] = TOKEN.exec(text) ?? []
    if (token === undefined) return null
    tokens.push(token)
  }
  return tokens
}
