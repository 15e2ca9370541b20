import { z } from 'zod'
import { listOf, stringMap } from './answer.ts'
import { type Connection, EngineRefusal } from './connection.ts'

export type Labels = Readonly<Record<string, string>>

export interface NamedObject {
  /** Volumes have no id: their name. */
  readonly id: string
  readonly name: string
  readonly labels: Labels
}

export interface NetworkOptions {
  readonly driver?: 'overlay' | 'bridge'
  readonly attachable?: boolean
  readonly internal?: boolean
  /** CIDR; default: the engine chooses. */
  readonly subnet?: string
}

const object = z
  .object({
    ID: z.string().nullish(),
    Id: z.string().nullish(),
    Name: z.string().nullish(),
    Labels: stringMap,
    Spec: z.object({ Name: z.string().nullish(), Labels: stringMap }).nullish(),
  })
  .refine((item) => item.Spec?.Name || item.Name, 'it has no name')
  .transform((item): NamedObject => {
    const name = item.Spec?.Name ?? item.Name ?? ''
    return { id: item.ID ?? item.Id ?? name, name, labels: item.Spec?.Labels ?? item.Labels }
  })

const volumes = z.object({ Volumes: z.unknown().optional() })

const made = z.object({ ID: z.string().nullish(), Id: z.string().nullish(), Name: z.string().nullish() })

/** Volumes have no id: their name. */
function madeId(answer: unknown): string {
  const { ID, Id, Name } = made.refine((item) => item.ID || item.Id || item.Name, 'it has no id').parse(answer)
  return ID || Id || Name || ''
}

/** The kinds of things the engine keeps by name, with the place of each in its API and how their list is read. */
const OBJECT_KINDS = {
  service: { list: '/services', parse: listOf(object.parse) },
  network: { list: '/networks', parse: listOf(object.parse) },
  secret: { list: '/secrets', parse: listOf(object.parse) },
  config: { list: '/configs', parse: listOf(object.parse) },
  volume: { list: '/volumes', parse: (answer: unknown) => listOf(object.parse)(volumes.parse(answer).Volumes) },
} as const

export type ObjectKind = keyof typeof OBJECT_KINDS

/** What each node has for itself; everything else is the Swarm's. */
export const KINDS_OF_NODES: readonly ObjectKind[] = ['volume']

/** The parts of a service's spec that are changed here; all others go back to the engine as they came. */
const rawService = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: z.looseObject({
    Mode: z.looseObject({
      Replicated: z.looseObject({}).nullish(),
      Global: z.looseObject({}).nullish(),
    }),
    TaskTemplate: z.looseObject({
      Placement: z.looseObject({ Constraints: z.array(z.string()).nullish() }).nullish(),
    }),
  }),
})

/** A service as the engine has it, to be given back. */
export interface RawService {
  readonly id: string
  readonly spec: z.infer<typeof rawService>['Spec']
}

const change = z.object({ Path: z.string(), Kind: z.number() })
const DELETED = 2
/** Its processes are killed and its file system is unmounted and deleted. */
const REMOVAL_DEADLINE_MS = 120_000

/** Things with a name: made with labels, listed, removed. Removing what is not there is not an error. */
export class Objects {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** All of a kind, or those with a label `key` or `key=value`. */
  list(kind: ObjectKind, label?: string): Promise<NamedObject[]> {
    const { list, parse } = OBJECT_KINDS[kind]
    return this.#connection.request('GET', list, parse, label ? { filters: { label: [label] } } : {})
  }

  /** By id or exact name; null when there is none. */
  find(kind: ObjectKind, id: string): Promise<NamedObject | null> {
    return this.#connection.find('GET', `${OBJECT_KINDS[kind].list}/${encodeURIComponent(id)}`, object.parse)
  }

  createSecret(name: string, value: string | Buffer, labels: Labels): Promise<string> {
    return this.#create('/secrets/create', { Name: name, Data: Buffer.from(value).toString('base64'), Labels: labels })
  }

  createConfig(name: string, value: string | Buffer, labels: Labels): Promise<string> {
    return this.#create('/configs/create', { Name: name, Data: Buffer.from(value).toString('base64'), Labels: labels })
  }

  createNetwork(name: string, labels: Labels, options: NetworkOptions = {}): Promise<string> {
    const { driver = 'overlay', attachable = true, internal = false, subnet } = options
    const ipam = subnet ? { IPAM: { Config: [{ Subnet: subnet }] } } : {}
    const body = {
      Name: name,
      Driver: driver,
      Attachable: attachable,
      Internal: internal,
      Labels: labels,
      CheckDuplicate: true,
    }
    return this.#create('/networks/create', { ...body, ...ipam })
  }

  createVolume(name: string, labels: Labels): Promise<string> {
    return this.#create('/volumes/create', { Name: name, Labels: labels })
  }

  /** A service from the engine's own form of a spec. */
  createService(spec: object): Promise<string> {
    return this.#create('/services/create', spec)
  }

  /** The spec of a service, in the engine's own form. */
  async rawService(id: string): Promise<RawService> {
    const { ID, Spec } = await this.#raw(id)
    return { id: ID, spec: Spec }
  }

  /** Replaces the spec of a service, whatever it is now. */
  async updateService(id: string, spec: RawService['spec']): Promise<void> {
    const { Version } = await this.#raw(id)
    const query = { version: Version.Index }
    await this.#connection.send('POST', `/services/${encodeURIComponent(id)}/update`, { query, body: spec })
  }

  #raw(id: string): Promise<z.infer<typeof rawService>> {
    return this.#connection.request('GET', `/services/${encodeURIComponent(id)}`, (answer) => rawService.parse(answer))
  }

  /** True when it was there. */
  remove(kind: ObjectKind, id: string): Promise<boolean> {
    return this.#connection.sendIfFound('DELETE', `${OBJECT_KINDS[kind].list}/${encodeURIComponent(id)}`)
  }

  /** SIGKILL to a container's first process, as a crash would end it. False when it does not run any more. */
  async killContainer(id: string): Promise<boolean> {
    const query = { signal: 'SIGKILL' }
    try {
      return await this.#connection.sendIfFound('POST', `/containers/${encodeURIComponent(id)}/kill`, { query })
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 409) return false
      throw error
    }
  }

  /** Files and folders that a container wrote into its own layer, its mounts left out. Empty when it is not there. */
  async changedPaths(id: string): Promise<string[]> {
    const path = `/containers/${encodeURIComponent(id)}/changes`
    const changes = (await this.#connection.find('GET', path, listOf(change.parse))) ?? []
    return changes.filter(({ Kind }) => Kind !== DELETED).map(({ Path }) => Path)
  }

  /** Kills and removes a container with its anonymous volumes; it is gone when this ends, whoever removed it. True when it was there. */
  async removeContainer(id: string): Promise<boolean> {
    const path = `/containers/${encodeURIComponent(id)}`
    try {
      return await this.#connection.sendIfFound('DELETE', path, { query: { force: true, v: true } })
    } catch (error) {
      if (!(error instanceof EngineRefusal && error.status === 409)) throw error
      // It is being removed already, by the engine itself (AutoRemove) or by another process.
      const waiting = { query: { condition: 'removed' }, timeoutMs: REMOVAL_DEADLINE_MS }
      return this.#connection.sendIfFound('POST', `${path}/wait`, waiting)
    }
  }

  async #create(path: string, body: object): Promise<string> {
    return this.#connection.request('POST', path, madeId, { body })
  }
}
