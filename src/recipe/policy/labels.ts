// cspell:ignore maxbodysize
import { isEntryPoint } from '../../lib/entry-points.ts'
import { isOwnHost, isWithin } from '../traefik/host.ts'
import { patternKeepsTo } from '../traefik/host-pattern.ts'
import { isTraefikLabel, knownLabel } from '../traefik/known-label.ts'
import { labelProblem } from '../traefik/label-problem.ts'
import type { ValueKind } from '../traefik/label-table.ts'
import { ALLOWED, isOrdinary } from '../traefik/label-value.ts'
import { boundHosts, hostsIn, keepsTo } from '../traefik/rule.ts'
import { MAX_RULE, type Matcher } from '../traefik/rule-reader.ts'
import { isForeignName, isOfStack, type OwnNames } from './own.ts'

type Labels = Readonly<Record<string, string>>

/** What Traefik reads labels of; others below `traefik` are for other readers. */
const READ = /^traefik\.(?:http|tcp|udp|tls|docker|swarm|enable)/i
/** An address of which no two readers can think differently. */
const PLAIN_ADDRESS = /^(?:(?:https?|h2c):\/\/)?([a-z0-9._-]+)(?::\d+)?(?:\/[\w.~/-]*)?$/i
const REFERENCE = /^([A-Za-z0-9_-]+)(?:@([a-z]+))?$/
/** Middlewares that the traefik recipe of Co-op Cloud has in its file for all. */
const SHARED_MIDDLEWARES = ['security', 'keycloak', 'keycloak2', 'basicauth']
/** A service of the edge's own that answers nothing, for routers that only lead elsewhere. */
const NOOP = 'noop@internal'

/**
 * What is wrong with a label, or null. It is judged by what Traefik does with it: the table has what it may be, its value is read as Traefik reads it.
 * `labels`: all of the same service.
 */
export function routeProblem(label: string, value: string, own: OwnNames, labels: Labels): string | null {
  if (!isTraefikLabel(label)) return null
  const known = knownLabel(label)
  if (known === null) return unknownProblem(label, own)
  switch (known.row.value) {
    case 'rule':
      return isElsewhere(label, own, labels) ? null : ruleProblem(label, value, own)
    case 'middlewares':
      return firstProblem(value, (item) => middlewareProblem(item, own))
    case 'service':
      return serviceProblem(value.trim(), own)
    case 'domains':
      return firstProblem(value, (host) =>
        isOwnHost(host.replace(/^\*\./, ''), own.domain) ? null : `asks for a certificate of ${host}`,
      )
    case 'address':
      return isOwnAddress(value, own) ? null : `has the edge call ${value}`
    case 'bodies':
      return holdsBodies(label, value, labels)
        ? 'has the edge hold bodies of any size: set `maxBodySize` beside it'
        : null
    default:
      return isOrdinary(known.row.value, value) ? null : valueProblem(known.row.value, value)
  }
}

function valueProblem(kind: ValueKind, value: string): string {
  const allowed = ALLOWED[kind]
  return `has the value ${value}, which is not for a recipe to give${allowed ? `: ${allowed}` : ''}`
}

/** The router, service or middleware that a label is of, when its name is or may be another app's: Traefik drops both of one name. */
export function foreignNameIn(label: string, own: OwnNames): string | null {
  const name = knownLabel(label)?.name ?? null
  return name !== null && isForeignName(name, own) ? name : null
}

/** The edge of cc-ci runs a Traefik of which every label is known: what that does not know does nothing, and lint says so. */
function unknownProblem(label: string, { strict }: OwnNames): string | null {
  const plain = /^[A-Za-z0-9_.-]+$/.test(label)
  if (plain && !READ.test(label)) return null
  if (plain && !strict && labelProblem(label) !== null) return null
  if (label.includes('$'))
    return 'has a variable in its name, which nothing fills in: write the list form, - "name=value"'
  return 'is none of the labels that a recipe may use'
}

function firstProblem(list: string, problemOf: (item: string) => string | null): string | null {
  const items = list.split(',').map((item) => item.replace(/^[ \t]+|[ \t]+$/g, ''))
  return items.map((item) => (item === '' ? null : problemOf(item))).find((problem) => problem !== null) ?? null
}

function middlewareProblem(reference: string, own: OwnNames): string | null {
  const [, name = '', provider = 'swarm'] = REFERENCE.exec(reference) ?? []
  if (provider === 'file' && (!own.strict || SHARED_MIDDLEWARES.includes(name))) return null
  const isOwn = name !== '' && isOwnProvider(provider) && !isForeignName(name, own)
  return isOwn ? null : `asks for the middleware ${reference} of the edge or of another app`
}

function serviceProblem(reference: string, own: OwnNames): string | null {
  if (reference === '' || reference === NOOP) return null
  if (/@internal$/i.test(reference)) return `leads to ${reference} of the edge itself`
  const [, name = '', provider = 'swarm'] = REFERENCE.exec(reference) ?? []
  if (name !== '' && isOwnProvider(provider) && !isForeignName(name, own)) return null
  return `leads to the service ${reference} of the edge or of another app`
}

/** Where Traefik puts what it reads from labels. */
function isOwnProvider(provider: string): boolean {
  return provider === 'swarm' || provider === 'docker'
}

/** True where whole bodies are forwarded and nothing beside it bounds them. */
function holdsBodies(label: string, value: string, labels: Labels): boolean {
  if (!/^(?:1|t|true)$/i.test(value.trim())) return false
  return !Object.entries(labels).some(([key, bound]) => isBeside(key, label, 'maxbodysize') && bound.trim() !== '')
}

/** The option of the same router, service or middleware: Traefik tells names of such by their case, and nothing else. */
function isBeside(key: string, label: string, option: string): boolean {
  const [path, of] = [key, label].map((text) => text.slice(0, text.lastIndexOf('.')))
  const name = (text = '') => text.split('.')[3]
  const same = path?.toLowerCase() === of?.toLowerCase() && name(path) === name(of)
  return same && key.slice(key.lastIndexOf('.') + 1).toLowerCase() === option
}

/** Only on entry points that the edge does not have, as raw TCP and UDP are asked for: such a router takes nothing here. */
function isElsewhere(label: string, { strict }: OwnNames, labels: Labels): boolean {
  const entryPoints = Object.entries(labels).flatMap(([key, names]) =>
    isBeside(key, label, 'entrypoints') ? names.split(',').map((name) => name.trim()) : [],
  )
  return !strict && entryPoints.length > 0 && entryPoints.every((name) => /^[\w-]+$/.test(name) && !isEntryPoint(name))
}

/** A service of the stack itself, or a host of the app's. */
function isOwnAddress(address: string, { domain, stack }: OwnNames): boolean {
  const host = PLAIN_ADDRESS.exec(address.trim())?.[1]?.toLowerCase() ?? ''
  return isWithin(host, domain) || (isOfStack(host, stack) && !host.slice(stack.length).includes('.'))
}

function ruleProblem(label: string, rule: string, own: OwnNames): string | null {
  if (/^traefik\.udp\./i.test(label)) return 'takes everything that comes in at an entry point of the edge'
  // Traefik makes one of its own from the name of the service, as it does without the label; lint says so.
  if (rule.trim() === '') return null
  if (rule.length > MAX_RULE) return `is longer than ${MAX_RULE} characters`
  const isOwnRule = keepsTo(rule, (matcher) => isOwnMatcher(matcher, own))
  const foreign = (isOwnRule ? hostsIn(rule) : boundHosts(rule))?.find((host) => !isOwnHost(host, own.domain))
  if (foreign !== undefined) return isOwnRule ? `names the host ${foreign}` : `takes the requests of ${foreign}`
  return isOwnRule ? null : `has no host that it keeps to: ${rule}`
}

function isOwnMatcher({ name, values }: Matcher, { domain }: OwnNames): boolean {
  if (values.length === 0) return false
  if (/^host(sni)?$/.test(name)) return values.every((host) => isOwnHost(host, domain))
  return /^host(sni)?regexp$/.test(name) && values.every((pattern) => patternKeepsTo(pattern, domain))
}
