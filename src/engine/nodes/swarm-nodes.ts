import { z } from 'zod'
import { listOf, stringMap } from '../answer.ts'
import type { Connection } from '../connection.ts'

/** A node of the Swarm, as its managers know it. */
export interface SwarmNode {
  readonly id: string
  readonly hostname: string
  readonly role: 'manager' | 'worker'
  /** `drain`: Swarm takes its tasks away; `pause`: it gives it no new ones. */
  readonly availability: 'active' | 'pause' | 'drain'
  /** `down`: its engine has been silent for some heartbeats. */
  readonly state: 'ready' | 'down' | 'disconnected' | 'unknown'
  readonly labels: Readonly<Record<string, string>>
  readonly engineLabels: Readonly<Record<string, string>>
  readonly platform: { readonly os: string; readonly arch: string }
  readonly cpus: number
  readonly memoryBytes: number
  /** Where the others reach it. */
  readonly address: string
}

const text = z.string().nullish()

const node = z
  .object({
    ID: z.string(),
    Spec: z.object({ Role: text, Availability: text, Labels: stringMap }),
    Description: z
      .object({
        Hostname: text,
        Platform: z.object({ OS: text, Architecture: text }).nullish(),
        Resources: z.object({ NanoCPUs: z.number().nullish(), MemoryBytes: z.number().nullish() }).nullish(),
        Engine: z.object({ Labels: stringMap }).nullish(),
      })
      .nullish(),
    Status: z.object({ State: text, Addr: text }).nullish(),
  })
  .transform(({ ID, Spec, Description, Status }): SwarmNode => {
    const { Hostname, Platform, Resources, Engine } = Description ?? {}
    return {
      id: ID,
      hostname: Hostname ?? '',
      role: Spec.Role === 'manager' ? 'manager' : 'worker',
      availability: oneOf(Spec.Availability, ['active', 'pause', 'drain'], 'active'),
      state: oneOf(Status?.State, ['ready', 'down', 'disconnected'], 'unknown'),
      labels: Spec.Labels,
      engineLabels: Engine?.Labels ?? {},
      platform: { os: Platform?.OS ?? '', arch: Platform?.Architecture ?? '' },
      cpus: (Resources?.NanoCPUs ?? 0) / 1e9,
      memoryBytes: Resources?.MemoryBytes ?? 0,
      address: Status?.Addr ?? '',
    }
  })

function oneOf<T extends string>(value: string | null | undefined, all: readonly T[], otherwise: T | 'unknown'): T {
  return (all as readonly (string | null | undefined)[]).includes(value) ? (value as T) : (otherwise as T)
}

/** The nodes by host name. Only a manager tells. */
export async function swarmNodes(manager: Connection): Promise<SwarmNode[]> {
  const found = await manager.request('GET', '/nodes', listOf(node.parse))
  return found.sort((a, b) => (a.hostname < b.hostname ? -1 : 1))
}

const raw = z.object({ Version: z.object({ Index: z.number() }), Spec: z.looseObject({ Labels: stringMap }) })

/** Sets a label of a node, or takes it away (null). */
export async function labelNode(manager: Connection, id: string, key: string, value: string | null): Promise<void> {
  const path = `/nodes/${encodeURIComponent(id)}`
  const { Version, Spec } = await manager.request('GET', path, raw.parse)
  const { [key]: _, ...others } = Spec.Labels
  const body = { ...Spec, Labels: value === null ? others : { ...others, [key]: value } }
  await manager.send('POST', `${path}/update`, { query: { version: Version.Index }, body })
}
