// Traefik's own names, in lower case.
// cspell:words hostheader pathprefix pathregexp
import { normalHost } from './host.ts'
import { exampleOf } from './pattern.ts'
import { isPattern, type RoutePlace } from './rule.ts'
import { type Matcher, type RouterRule, readRule } from './rule-reader.ts'

const FRONT = '/'
/** What a URL takes for a path and for nothing else. */
const PLAIN = /^\/(?!\/)[^\s?#\\]*$/
/** More are not looked at: rules are a stranger's. */
const MAX_PATHS = 50

type Place = Pick<RoutePlace, 'host' | 'path'>

/** Yes, no, or not to be said: patterns, headers and the like. */
type Known = boolean | null

/**
 * The path of `host` at which an app behind these rules is to be asked: `/` where one of them leads it there, otherwise the first path that one
 * surely leads to, otherwise the first that one may lead to. Middlewares do not count: they change what the app sees, not what is asked.
 */
export function frontPath(texts: readonly string[], host: string): string {
  const rules = texts.map(readRule)
  const paths = [
    FRONT,
    ...rules
      .flatMap(namedPaths)
      .filter((path) => PLAIN.test(path))
      .slice(0, MAX_PATHS),
  ]
  const known = paths.map((path) => meetsAny(rules, { host, path }))
  const at = known.includes(true) ? known.indexOf(true) : known.indexOf(null)
  return paths[at] ?? FRONT
}

/** Whether a plain GET at this place meets one of the rules. */
export function leadsTo(texts: readonly string[], place: Place): Known {
  return meetsAny(texts.map(readRule), place)
}

function meetsAny(rules: readonly (RouterRule | null)[], place: Place): Known {
  return anyOf(rules.map((rule) => rule && meets(rule, place)))
}

/** In the order of the rule, each as it would be asked for. */
function namedPaths(rule: RouterRule | null): string[] {
  if (rule === null || rule.is === 'not') return []
  if (rule.is !== 'matcher') return rule.of.flatMap(namedPaths)
  return rule.matcher.values.flatMap((value) => pathFor(rule.matcher.name, value) ?? [])
}

/** A path that the matcher takes for this value; null when it is no matcher of paths, or none can be said. */
function pathFor(matcher: string, value: string): string | null {
  switch (matcher) {
    case 'path':
    case 'pathprefix':
      return isPattern(value) ? exampleOf(asPattern(value)) : value
    case 'pathregexp':
      return exampleOf(value)?.replace(/^(?!\/)/, '/') ?? null
    default:
      return null
  }
}

/** `/blog/{id:[0-9]+}` of Traefik 2 as the pattern that it stands for. */
function asPattern(template: string): string {
  return template
    .split(/(\{(?:[^{}]|\{[^{}]*\})*\})/)
    .map((part) => {
      if (!part.startsWith('{')) return part.replace(/[^\w/-]/g, '\\$&')
      const [, pattern = '[^/]+'] = /^\{[^:}]*:(.*)\}$/.exec(part) ?? []
      return `(?:${pattern})`
    })
    .join('')
}

function meets(rule: RouterRule, place: Place): Known {
  switch (rule.is) {
    case 'matcher':
      return matches(rule.matcher, place)
    case 'not':
      return not(meets(rule.of, place))
    case 'any':
      return anyOf(rule.of.map((part) => meets(part, place)))
    case 'all':
      return not(anyOf(rule.of.map((part) => not(meets(part, place)))))
  }
}

function matches({ name, values }: Matcher, { host, path }: Place): Known {
  switch (name) {
    case 'host':
    case 'hostheader':
      return values.some((value) => normalHost(value) === normalHost(host))
    case 'method':
      return values.some((value) => value.toUpperCase() === 'GET')
    case 'path':
    case 'pathprefix':
      return anyOf(
        values.map((value) => {
          if (isPattern(value)) return pathFor(name, value) === path ? true : null
          return name === 'path' ? value === path : path.startsWith(value)
        }),
      )
    case 'pathregexp':
      return values.some((value) => pathFor(name, value) === path) ? true : null
    default:
      return null
  }
}

function not(known: Known): Known {
  return known === null ? null : !known
}

function anyOf(known: readonly Known[]): Known {
  if (known.includes(true)) return true
  return known.includes(null) ? null : false
}
