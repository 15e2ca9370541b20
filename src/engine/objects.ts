import { z } from 'zod'
import { type Connection, EngineRefusal } from './connection.ts'

export type Labels = Readonly<Record<string, string>>

/** The kinds of things the engine keeps by name, with the place of each in its API. */
const OBJECT_KINDS = {
  service: { list: '/services', key: null },
  network: { list: '/networks', key: null },
  secret: { list: '/secrets', key: null },
  config: { list: '/configs', key: null },
  volume: { list: '/volumes', key: 'Volumes' },
} as const

export type ObjectKind = keyof typeof OBJECT_KINDS

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
    ID: z.string().optional(),
    Id: z.string().optional(),
    Name: z.string().optional(),
    Labels: z.record(z.string(), z.string()).nullish(),
    Spec: z.object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullish() }).optional(),
  })
  .transform((item): NamedObject => {
    const name = item.Spec?.Name ?? item.Name ?? ''
    return { id: item.ID ?? item.Id ?? name, name, labels: item.Spec?.Labels ?? item.Labels ?? {} }
  })

const change = z.object({ Path: z.string(), Kind: z.number() })
const DELETED = 2

/** Things with a name: made with labels, listed, removed. Removing what is not there is not an error. */
export class Objects {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** All of a kind, or those with a label `key` or `key=value`. */
  async list(kind: ObjectKind, label?: string): Promise<NamedObject[]> {
    const { list, key } = OBJECT_KINDS[kind]
    const answer = await this.#connection.call('GET', list, label ? { filters: { label: [label] } } : {})
    const items = key === null ? answer : (answer as Record<string, unknown>)[key]
    return z.array(object).nullish().parse(items) ?? []
  }

  /** By id or exact name; null when there is none. */
  async find(kind: ObjectKind, id: string): Promise<NamedObject | null> {
    const answer = await this.#connection.find('GET', `${OBJECT_KINDS[kind].list}/${encodeURIComponent(id)}`)
    return answer === null ? null : object.parse(answer)
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

  /** True when it was there. */
  async remove(kind: ObjectKind, id: string): Promise<boolean> {
    return (await this.#connection.find('DELETE', `${OBJECT_KINDS[kind].list}/${encodeURIComponent(id)}`)) !== null
  }

  /** SIGKILL to a container's first process, as a crash would end it. False when it does not run any more. */
  async killContainer(id: string): Promise<boolean> {
    const query = { signal: 'SIGKILL' }
    try {
      return (await this.#connection.find('POST', `/containers/${encodeURIComponent(id)}/kill`, { query })) !== null
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 409) return false
      throw error
    }
  }

  /** Files and folders that a container wrote into its own layer, its mounts left out. Empty when it is not there. */
  async changedPaths(id: string): Promise<string[]> {
    const answer = await this.#connection.find('GET', `/containers/${encodeURIComponent(id)}/changes`)
    return (change.array().nullish().parse(answer) ?? []).filter(({ Kind }) => Kind !== DELETED).map(({ Path }) => Path)
  }

  /** Kills and removes a container with its anonymous volumes. True when it was there. */
  async removeContainer(id: string): Promise<boolean> {
    const query = { force: true, v: true }
    return (await this.#connection.find('DELETE', `/containers/${encodeURIComponent(id)}`, { query })) !== null
  }

  async #create(path: string, body: object): Promise<string> {
    return object.parse(await this.#connection.call('POST', path, { body })).id
  }
}
