import { normalHost } from './host.ts'
import { MAX_RULE, type Matcher, type RouterRule, readRule } from './rule-reader.ts'

/** A place on the web that a rule leads to. */
export interface RoutePlace {
  /** In lower case. */
  readonly host: string
  /** Without a matcher for paths: `/`. */
  readonly path: string
  /** True where the path itself is meant and nothing below it. */
  readonly exact: boolean
}

/** Either of them is enough; within one all must hold. */
type Alternatives = readonly (readonly Matcher[])[]

/** More alternatives are no rule that a person wrote. */
const MAX_ALTERNATIVES = 200

const OF_HOSTS = /^host(sni|header)?$/

/**
 * The hosts that a rule keeps to, lower case; null when requests for any host may match, or when the rule cannot be read.
 */
export function boundHosts(text: string): readonly string[] | null {
  const rule = readRule(text)
  return rule && boundBy(rule)
}

/** Every host that a rule names, wherever in it, in lower case; null when it cannot be read. Traefik takes certificates and TLS options from these. */
export function hostsIn(text: string): readonly string[] | null {
  const rule = readRule(text)
  return rule && namedBy(rule)
}

/** True when a rule names this host. One that cannot be read is taken at its word: Traefik has no router of it, and its text is all there is to tell. */
export function namesHost(text: string, host: string): boolean {
  if (text.length > MAX_RULE) return false
  return hostsIn(text)?.includes(normalHost(host)) ?? text.toLowerCase().includes(host.toLowerCase())
}

/** True when no request meets the rule but by a matcher that is `kept`. False also for a rule that cannot be read. */
export function keepsTo(text: string, isAllowed: (matcher: Matcher) => boolean): boolean {
  const rule = readRule(text)
  return rule !== null && allAllowed(rule, isAllowed)
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
export function coversPlace(place: RoutePlace, other: RoutePlace): boolean {
  if (place.host !== other.host) return false
  if (place.exact) return other.exact && place.path === other.path
  return other.path.startsWith(place.path)
}

function boundBy(rule: RouterRule): readonly string[] | null {
  if (rule.is === 'not') return null
  if (rule.is === 'matcher') {
    const { name, values } = rule.matcher
    return OF_HOSTS.test(name) && values.length > 0 ? values.map(normalHost) : null
  }
  const sides = rule.of.map(boundBy)
  const bound = sides.filter((side) => side !== null)
  // Of alternatives each must keep to hosts by itself; of conditions one is enough for all.
  const isBound = rule.is === 'any' ? bound.length === sides.length : bound.length > 0
  return isBound ? bound.flat() : null
}

function namedBy(rule: RouterRule): readonly string[] {
  if (rule.is === 'not') return namedBy(rule.of)
  if (rule.is !== 'matcher') return rule.of.flatMap(namedBy)
  return OF_HOSTS.test(rule.matcher.name) ? rule.matcher.values.map(normalHost) : []
}

/** Of alternatives each must be kept by itself; of conditions one is enough for all. */
function allAllowed(rule: RouterRule, isAllowed: (matcher: Matcher) => boolean): boolean {
  if (rule.is === 'not') return false
  if (rule.is === 'matcher') return isAllowed(rule.matcher)
  return rule.is === 'any'
    ? rule.of.every((part) => allAllowed(part, isAllowed))
    : rule.of.some((part) => allAllowed(part, isAllowed))
}

function alternativesOf(rule: RouterRule): Alternatives | null {
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
    (where?.values ?? ['/']).map((path) => ({ host: normalHost(host), path, exact })),
  )
}

/** Traefik 2 takes `{name}` and `{name:pattern}` for any text that fits; in Traefik 3 they mean nothing else that a person would write. */
export function isPattern(path: string): boolean {
  return /\{[^}]*\}/.test(path)
}
