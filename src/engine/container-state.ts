import { z } from 'zod'
import { stringMap } from './answer.ts'
import type { ContainerState, TaskContainer } from './types.ts'

const text = z.string().nullish()
const NEVER = '0001-01-01T00:00:00Z'

const schema = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: text,
  Config: z.object({ Labels: stringMap }).nullish(),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number().nullish(),
    OOMKilled: z.boolean().nullish(),
    StartedAt: text,
    FinishedAt: text,
    Health: z
      .object({
        Status: z.string(),
        FailingStreak: z.number().nullish(),
        Log: z.array(z.object({ Start: text, End: text, ExitCode: z.number().nullish(), Output: text })).nullish(),
      })
      .nullish(),
  }),
  Mounts: z.array(z.object({ Type: text, Name: text, Source: text, Destination: z.string() })).nullish(),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.object({ IPAddress: text }).nullish()).nullish() })
    .nullish(),
})

/** A container of the engine's answer (inspect) as our type. */
export function parseContainer(answer: unknown): ContainerState {
  const { State, ...container } = schema.parse(answer)
  const ended = State.Status === 'exited' || State.Status === 'dead'
  return {
    id: container.Id,
    name: container.Name.replace(/^\//, ''),
    labels: container.Config?.Labels ?? {},
    imageId: container.Image ?? '',
    state: State.Status,
    exitCode: ended ? (State.ExitCode ?? null) : null,
    oomKilled: State.OOMKilled ?? false,
    startedAt: time(State.StartedAt),
    finishedAt: time(State.FinishedAt),
    health: healthOf(State.Health),
    mounts: (container.Mounts ?? []).map((mount) => ({
      type: mount.Type ?? '',
      name: mount.Name || null,
      source: mount.Source ?? '',
      target: mount.Destination,
    })),
    addresses: addressesOf(container.NetworkSettings?.Networks),
  }
}

/** What the engine writes on the container of a task: its service's full name. */
export const TASK_SERVICE = 'com.docker.swarm.service.name'
const listed = z.object({ Id: z.string(), Labels: stringMap })

/** A container of a task, of the engine's list. */
export function parseTaskContainer(answer: unknown): TaskContainer {
  const { Id, Labels } = listed.parse(answer)
  return { id: Id, service: Labels[TASK_SERVICE] ?? '' }
}

const statsSchema = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: z.number().nullish() }).nullish() }).nullish(),
})
const NS_PER_MS = 1_000_000

/** The processor time of the engine's answer (stats), in ms; null where it names none, as for an ended container. */
export function parseCpuMs(answer: unknown): number | null {
  const used = statsSchema.parse(answer).cpu_stats?.cpu_usage?.total_usage
  return used ? used / NS_PER_MS : null
}

const memorySchema = z.object({
  memory_stats: z
    .object({ usage: z.number().nullish(), stats: z.record(z.string(), z.number().nullish()).nullish() })
    .nullish(),
})

/** The memory of the engine's answer (stats) as `docker stats` counts it: usage without the inactive page cache, whose name depends on the cgroup version. */
export function parseMemoryBytes(answer: unknown): number | null {
  const { usage, stats } = memorySchema.parse(answer).memory_stats ?? {}
  if (!usage) return null
  const cache = stats?.total_inactive_file ?? stats?.inactive_file ?? 0
  return Math.max(0, usage - cache)
}

const layerSchema = z.object({ SizeRw: z.number().nullish() })

/** What a container wrote to its own layer, of the engine's answer (inspect with `size`), in bytes; null where it does not say. */
export function parseLayerBytes(answer: unknown): number | null {
  return layerSchema.parse(answer).SizeRw ?? null
}

/** Without a health check the engine says nothing, or `none`. */
function healthOf(health: z.infer<typeof schema>['State']['Health']): ContainerState['health'] {
  if (!health || health.Status === 'none' || health.Status === '') return null
  const log = (health.Log ?? []).map(
    (probe) => `exit ${probe.ExitCode ?? '?'}: ${(probe.Output ?? '').trim().slice(0, 400)}`,
  )
  const probes = (health.Log ?? [])
    .map(({ Start, End }) => ({ from: Date.parse(Start ?? ''), to: Date.parse(End ?? '') }))
    .filter(({ from, to }) => Number.isFinite(from) && Number.isFinite(to))
  return { status: health.Status, failingStreak: health.FailingStreak ?? 0, log, probes }
}

function addressesOf(networks: Record<string, { IPAddress?: string | null } | null | undefined> | null | undefined) {
  const known = Object.entries(networks ?? {}).map(([name, network]) => [name, network?.IPAddress ?? ''] as const)
  return Object.fromEntries(known.filter(([, address]) => address !== ''))
}

function time(value: string | null | undefined): string | null {
  return !value || value === NEVER ? null : value
}
