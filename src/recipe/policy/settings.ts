// cspell:ignore rtprio
import { parseBytes, parseGoDuration } from '../compose/go-duration.ts'
import type { ComposeService } from '../model.ts'

/** Settings of the kernel that a container has for itself; the engine refuses the others, and an engine may forget to. */
const OWN_SYSCTLS = /^(?:net\.|fs\.mqueue\.|kernel\.(?:msg|sem|shm))/
/** As `sysctl -a` prints them: nothing that a reader may take for a way to another place. */
const PLAIN_NAME = /^\w+(?:[./][\w-]+)*$/

/** Nanoseconds. For each look the engine starts a program, in its own name: many recipes look every second, none ten times as often. */
export const MIN_INTERVAL = 0.5e9

/** What the engine itself may hold of a log that is not written yet, for each container; bytes. */
const MOST_BUFFER = 64 * 1024 ** 2

/** Limits that let a program run before all others of the machine, and from which value on they do. */
const PRIORITIES: Readonly<Record<string, number>> = { rtprio: 1, nice: 21 }

export interface HostSetting {
  /** Key of the service. */
  readonly key: string
  readonly detail: string
}

/** What a service asks of the kernel or the engine that others have to bear. */
export function hostSettings(service: ComposeService): HostSetting[] {
  const found: HostSetting[] = []
  const { oom_score_adj: score, sysctls, credential_spec: credential } = service
  if (typeof score === 'number' && score < 0)
    found.push({ key: 'oom_score_adj', detail: `oom_score_adj: ${score} has others killed in its place` })
  for (const name of settingNames(sysctls)) {
    if (!OWN_SYSCTLS.test(name) || !PLAIN_NAME.test(name))
      found.push({ key: 'sysctls', detail: `${name} is for the whole machine` })
  }
  if (credential !== undefined && credential !== null)
    found.push({ key: 'credential_spec', detail: 'credential_spec has the engine read a file of its own' })
  return [...found, ...priorities(service), ...workOfTheEngine(service)]
}

function priorities({ ulimits }: ComposeService): HostSetting[] {
  return Object.entries(mapOf(ulimits)).flatMap(([name, value]) => {
    const least = PRIORITIES[name]
    const limits = [value, ...Object.values(mapOf(value))].map(Number)
    // -1 is no limit at all.
    const high = limits.find((limit) => least !== undefined && (limit >= least || limit === -1))
    if (high === undefined) return []
    return [{ key: 'ulimits', detail: `${name}: ${high} has its programs run before those of others` }]
  })
}

function workOfTheEngine({ healthcheck, logging }: ComposeService): HostSetting[] {
  const often = ['interval', 'start_interval'].flatMap((key) => {
    const text = String(healthcheck?.[key] ?? '')
    const pause = parseGoDuration(text) ?? 0
    if (pause === 0 || pause >= MIN_INTERVAL) return []
    return [{ key: 'healthcheck', detail: `${key}: ${text} keeps the engine busy; it may look twice a second` }]
  })
  const size = String(mapOf(mapOf(logging).options)['max-buffer-size'] ?? '')
  // Engines of different age read different forms; one that is not known here may be any size (`1e10`).
  const bytes = size === '' ? 0 : (parseBytes(size) ?? Number.POSITIVE_INFINITY)
  if (bytes <= MOST_BUFFER) return often
  return [...often, { key: 'logging', detail: `max-buffer-size: ${size} is memory of the engine's` }]
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function settingNames(sysctls: unknown): string[] {
  if (Array.isArray(sysctls)) return sysctls.map((line) => String(line).split('=')[0] ?? '')
  return typeof sysctls === 'object' && sysctls !== null ? Object.keys(sysctls) : []
}
