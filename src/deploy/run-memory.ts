import { totalmem } from 'node:os'
import { parseBytes, parseGoDuration } from '../recipe/compose/go-duration.ts'
import type { ComposeModel, ComposeService } from '../recipe/model.ts'
import { fairLimit } from './fair-limit.ts'

const MIB = 1024 ** 2
/** Sizes of a machine move by a few pages with each kernel; a limit that moves restarts containers. */
const STEP = 64 * MIB
/** Of the machine: the rest is for the engine, for cc-ci with its browser, sandbox and helpers, and for whoever looks after it. */
const SHARE = 3 / 4
/** No program starts with less. */
const LEAST = 16 * MIB

/** What the memory of one run's app is bound by, in bytes. */
export interface RunMemory {
  /** All its services together. */
  readonly runBytes: number
  /** What the limits of all its containers come to at most, so that the machine continues whatever they do. */
  readonly machineBytes: number
  /** Who says how much the run has, for a person. */
  readonly from: string
}

/** `asked`: what somebody gives the run; default: three quarters of this machine. */
export function runMemory(
  requested?: { readonly bytes: number; readonly from: string },
  total = totalmem(),
): RunMemory {
  const machineBytes = Math.max(STEP, Math.floor((total * SHARE) / STEP) * STEP)
  if (!requested) return { runBytes: machineBytes, machineBytes, from: 'three quarters of this machine' }
  return { runBytes: requested.bytes, machineBytes, from: requested.from }
}

/** For each of several apps of one run, which are up at the same time. */
export function memoryShare(memory: RunMemory, apps: number): RunMemory {
  return { ...memory, machineBytes: Math.floor(memory.machineBytes / apps) }
}

/** The memory that one service asks for, and how many containers of it there can be at a time. */
interface Want {
  /** Each container; null: it does not say. */
  readonly bytes: number | null
  readonly by: 'recipe' | 'setting' | null
  readonly containers: number
}

/** `settingBytes`: `resources.memory`. */
export function requestedMemory(service: ComposeService, settingBytes: number | null): Want {
  const containers = containersOf(service)
  const own = ownLimit(service)
  if (own !== null) return { bytes: own, by: 'recipe', containers }
  return { bytes: settingBytes, by: settingBytes === null ? null : 'setting', containers }
}

/** The limit that a container of the service gets, and who says it. `mostBytes`: see `maxContainerBytes`; null: no bound. */
export function limitOf(
  { bytes, by }: Want,
  mostBytes: number | null,
): { readonly bytes: number | null; readonly by: 'recipe' | 'setting' | 'run' | null } {
  if (mostBytes === null || (bytes !== null && bytes <= mostBytes)) return { bytes, by }
  return { bytes: mostBytes, by: 'run' }
}

/**
 * The most that any container may have: what the run has, or less where the limits of all containers together would come to more than the machine bears.
 * Services that ask for little keep their limit, and leave more to the others. A volume in memory counts like a container.
 */
export function maxContainerBytes(model: ComposeModel, settingBytes: number | null, memory: RunMemory): number {
  const services = Object.values(model.services).map((service) => requestedMemory(service, settingBytes))
  const volumes = memoryVolumes(model).map(({ bytes, many }) => ({ bytes, containers: many }))
  const demands = [...services, ...volumes].map(({ bytes, containers }) => ({
    each: bytes ?? Number.POSITIVE_INFINITY,
    containers,
  }))
  const most = fairLimit(demands, { total: memory.machineBytes, most: memory.runBytes })
  return Math.max(LEAST, Math.floor(most / MIB) * MIB)
}

/** A volume whose files are memory. */
export interface MemoryVolume {
  /** Key below `volumes:`. */
  readonly key: string
  /** What it may hold; null: it does not say. */
  readonly bytes: number | null
  /** How many of it there can be at a time: one, or with a name of its own for each task, one for each container that mounts it. */
  readonly many: number
}

/** What is written there stays when the container that wrote it has ended, and counts for no other: no limit of a container bounds it. */
export function memoryVolumes({ services, volumes }: ComposeModel): MemoryVolume[] {
  return Object.entries(volumes).flatMap(([key, { name = '', driver_opts: options }]) => {
    const { type, o = '' } = (options ?? {}) as { readonly type?: unknown; readonly o?: unknown }
    if (type !== 'tmpfs') return []
    const users = Object.values(services).filter(({ volumes: mounts = [] }) =>
      mounts.some(({ source }) => source === key),
    )
    const many = name.includes('{{') ? users.reduce((sum, service) => sum + containersOf(service), 0) : 1
    return [{ key, bytes: sizeIn(String(o)), many: Math.max(1, many) }]
  })
}

/** As the kernel reads the options of a tmpfs: the last counts, none and 0 are no bound of its own. A part of the machine (`50%`) is none for a run. */
function sizeIn(options: string): number | null {
  const last = [...options.matchAll(/(?:^|,)size=([^,]*)/g)].at(-1)?.[1] ?? ''
  return /%/.test(last) ? null : parseBytes(last) || null
}

/** Zero and less mean without a limit, to the engine. */
function ownLimit({ deploy }: ComposeService): number | null {
  const { resources } = (deploy ?? {}) as { resources?: { limits?: { memory?: unknown } } }
  return parseBytes(String(resources?.limits?.memory ?? '')) || null
}

/** How long Swarm waits for a task to be gone before the one in its place is started, whatever the service asks for; nanoseconds. */
const SWARM_WAITS = 60e9
/** What an engine gives a program to end where nobody says anything. */
const USUAL_GRACE = 10e9

/**
 * How many containers of a service there can be at a time. While it is updated with the new ones first, there are more of them; as many again where the old ones may take their time to end. What is started by hand (`replicas: 0`) counts as
 * one.
 */
export function containersOf({ deploy = {}, stop_grace_period: grace }: ComposeService): number {
  const {
    mode = 'replicated',
    replicas = 1,
    update_config: update,
  } = deploy as {
    readonly mode?: string
    readonly replicas?: number
    readonly update_config?: { readonly order?: string; readonly parallelism?: number }
  }
  const wanted = mode.startsWith('global') ? 1 : Math.max(1, replicas)
  const graceNs = parseGoDuration(String(grace ?? '')) ?? USUAL_GRACE
  const isFirst = update?.order === 'start-first'
  if (graceNs > (isFirst ? USUAL_GRACE : SWARM_WAITS)) return 2 * wanted
  if (!isFirst) return wanted
  return wanted + Math.min(wanted, update.parallelism === 0 ? wanted : (update.parallelism ?? 1))
}
