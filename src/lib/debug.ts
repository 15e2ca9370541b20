import { format } from 'node:util'
import createDebug, { type Debugger } from 'debug'
import type { Masker } from './masking/mask.ts'

/**
 * Debug lines for whoever develops cc-ci or looks for what it waits on: `DEBUG=cc-ci:*`, or `--verbose`. A comma separates names, `*` stands for any
 * end, `-` before a name leaves it out: `DEBUG=cc-ci:*,-cc-ci:exec`. They go to standard error, masked, and are no interface: results never depend on them.
 * The package `debug` is what our Docker client uses: one switch for both (`DEBUG=modem`), and what it prints is masked too.
 */

/** Every namespace, below `cc-ci:`, and what its lines are about. CONTRIBUTING lists them; a test compares. */
export const DEBUG_NAMESPACES = {
  comments: 'comments that a server received or polled, and what was decided',
  deploy: 'preparing and deploying a release',
  engine: 'each call of the Docker API: method, path, status, milliseconds',
  exec: 'each program that is started: arguments, exit code, milliseconds',
  forge: 'each call of the API of the forge: method, path, status, milliseconds',
  plan: 'what a run decides beforehand: the base and why, tiers, skips',
  publish: 'notifications that a server sends to the forge',
  queue: 'runs that are claimed, assigned, released and finished',
  run: 'tiers and attempts of a run',
  wait: 'each wait: what for, timeout, outcome',
  worker: 'each call of a worker to its server, and renewals of its lease',
} as const satisfies Readonly<Record<string, string>>

export type DebugNamespace = keyof typeof DEBUG_NAMESPACES

/** Values belong here, never into the message: one event has one searchable text. */
export type DebugFields = Readonly<Record<string, unknown>>

export interface DebugLog {
  /** Whether anybody reads: costly fields are made only then. */
  readonly enabled: boolean
  (message: string, fields?: DebugFields): void
}

const maskers = new Set<Masker>()

/** From now on nothing that this masker knows is in a debug line, until the process ends. */
export function maskDebug(masker: Masker): void {
  maskers.add(masker)
}

/** As `DEBUG=cc-ci:*`, beside what DEBUG asks for already. */
export function enableDebug(): void {
  createDebug.enable([process.env.DEBUG, 'cc-ci:*'].filter(Boolean).join(','))
}

export function debugLog(namespace: DebugNamespace): DebugLog {
  return withFields(createDebug(`cc-ci:${namespace}`))
}

function withFields(log: Debugger): DebugLog {
  const write = (message: string, fields: DebugFields = {}) => {
    if (log.enabled) log('%s', [message, ...Object.entries(fields).map(fieldText)].join(' '))
  }
  return Object.defineProperty(write, 'enabled', { get: () => log.enabled === true }) as DebugLog
}

function fieldText([name, value]: [string, unknown]): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return `${name}=${value}`
  return `${name}=${JSON.stringify(value) ?? 'undefined'}`
}

/** The password of a URL is in no masker before a recipe was read. */
function masked(text: string): string {
  let shown = text.replace(/(\w:\/\/)[^\s/@"]+@/g, '$1***@')
  for (const masker of maskers) shown = masker.mask(shown)
  return shown
}

createDebug.formatArgs = function (args) {
  args[0] = `${new Date().toISOString()} ${this.namespace} +${this.diff}ms ${String(args[0])}`
}
createDebug.log = (...args) => {
  process.stderr.write(`${masked(format(...args))}\n`)
}
