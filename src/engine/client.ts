import { mapLimit } from '../lib/async/map-limit.ts'
import { listOf, parseId } from './answer.ts'
import { connectToManager } from './connect.ts'
import { CALL_DEADLINE_MS, type Connection } from './connection.ts'
import {
  parseContainer,
  parseCpuMs,
  parseLayerBytes,
  parseMemoryBytes,
  parseTaskContainer,
  TASK_SERVICE,
} from './container-state.ts'
import { type HelperContainer, type OneOff, type OneOffResult, runOneOff, startHelper } from './containers.ts'
import { EventWatch } from './event-watch.ts'
import { type ExecCallOptions, execIn, type PipeOptions, pipeThrough, readAll } from './exec-call.ts'
import { FrameReader } from './frames.ts'
import { parseImage, parseInfo, parseVersion } from './machine-state.ts'
import { type Labels, Objects } from './objects.ts'
import { type PullOptions, pull } from './pull.ts'
import { parseService } from './service-state.ts'
import { parseTask } from './task-state.ts'
import type {
  ContainerState,
  EngineExecResult,
  EngineInfo,
  ImageState,
  ServiceState,
  TaskContainer,
  TaskState,
} from './types.ts'

/** More callers than its socket keeps waiting would be turned away. */
const CALLS_AT_ONCE = 32

export const STACK_LABEL = 'com.docker.stack.namespace'
/** On everything that cc-ci creates itself; the value is the run's id. */
export const RUN_LABEL = 'cc-ci.run'

export interface LogOptions {
  /** Last lines only. Default: all. */
  readonly tail?: number
  /** Bytes kept of each stream, from the start. Default 4 MiB. */
  readonly maxBytes?: number
  /** Default 30 s. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  /** ISO time before each line. Default false. */
  readonly timestamps?: boolean
}

/** Another node of the Swarm, with a connection to its engine. */
export interface ReachedNode {
  readonly id: string
  readonly hostname: string
  readonly connection: Connection
}

/**
 * The Swarm of one engine, which is a manager of it, with the containers, volumes and images of one node: that engine's own, or with `at` those of another
 * node. Answers are checked and reduced to the types of `types.ts`. Every call ends within a
 * deadline (30 s unless said) with InfraError `engine-lost`; a refusal is EngineRefusal with the engine's words. Works from API 1.41 on.
 */
export class Engine {
  readonly connection: Connection
  /** Secrets, configs, networks, volumes, and the removal of services and containers. */
  readonly objects: Objects
  /** The other node, whose containers, volumes and images it has; null: those of the engine that we are connected to. */
  readonly node: Omit<ReachedNode, 'connection'> | null
  /** Of the manager that we are connected to. Itself, where `node` is null. */
  readonly home: Engine

  constructor(connection: Connection, at?: { readonly node: ReachedNode; readonly home: Engine }) {
    this.connection = connection
    this.objects = new Objects(connection)
    this.node = at ? { id: at.node.id, hostname: at.node.hostname } : null
    this.home = at?.home ?? this
  }

  /** The same Swarm seen with the containers, volumes and images of another node. */
  at(node: ReachedNode): Engine {
    const { home } = this
    return new Engine(home.connection.at(node.connection, node.hostname), { node, home })
  }

  /** Where containers and volumes of a run may be: on the node of its app, and beside cc-ci itself, where its browser and its sandbox are. */
  get places(): readonly Engine[] {
    return this.home === this ? [this] : [this, this.home]
  }

  /** DOCKER_HOST or the local socket. Throws InfraError engine-unreachable, engine-permission, not-a-swarm, not-a-manager. */
  static async connect(): Promise<Engine> {
    return new Engine(await connectToManager())
  }

  async info(): Promise<EngineInfo> {
    const [info, version] = await Promise.all([
      this.connection.request('GET', '/info', parseInfo),
      this.connection.request('GET', '/version', parseVersion),
    ])
    return { ...info, ...version }
  }

  /** The services of a stack, by name. */
  async services(stack: string): Promise<ServiceState[]> {
    const filters = { label: [`${STACK_LABEL}=${stack}`] }
    const found = await this.connection.request('GET', '/services', listOf(parseService), { filters })
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** A service by id or full name; null when there is none. */
  service(id: string): Promise<ServiceState | null> {
    return this.connection.find('GET', `/services/${encodeURIComponent(id)}`, parseService)
  }

  /** All task records of a stack that the engine still keeps, oldest first. */
  async tasks(stack: string): Promise<TaskState[]> {
    const filters = { label: [`${STACK_LABEL}=${stack}`] }
    const found = await this.connection.request('GET', '/tasks', listOf(parseTask), { filters })
    return found.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  /** Containers on this node, ended ones too, that carry all the labels (and names that begin so): `{ stack }` or `{ labels: ['cc-ci.run=…'] }`. */
  async containers(by: {
    readonly stack?: string
    readonly labels?: readonly string[]
    readonly namePrefix?: string
  }): Promise<ContainerState[]> {
    const label = [...(by.stack ? [`${STACK_LABEL}=${by.stack}`] : []), ...(by.labels ?? [])]
    // The engine reads the name as a pattern.
    const name = by.namePrefix === undefined ? [] : [`^/${by.namePrefix.replace(/[^\w-]/g, '.')}`]
    const filters = { label, ...(name.length > 0 ? { name } : {}) }
    const options = { query: { all: true }, filters }
    const ids = await this.connection.request('GET', '/containers/json', listOf(parseId), options)
    const found = await mapLimit(CALLS_AT_ONCE, ids, (id) => this.container(id))
    return found.filter((container) => container !== null)
  }

  /** Containers of Swarm services that run on this node, of all services whose full name begins so. */
  async taskContainers(namePrefix: string): Promise<TaskContainer[]> {
    const filters = { label: [TASK_SERVICE], status: ['running'] }
    const found = await this.connection.request('GET', '/containers/json', listOf(parseTaskContainer), { filters })
    return found.filter(({ service }) => service.startsWith(namePrefix))
  }

  /** Null when there is none of that id or name on this node. */
  container(id: string): Promise<ContainerState | null> {
    return this.connection.find('GET', `/containers/${encodeURIComponent(id)}/json`, parseContainer)
  }

  /** Processor time that a container of this node has used so far, in ms; null when it does not run here. */
  cpuMs(id: string): Promise<number | null> {
    const query = { stream: false, 'one-shot': true }
    return this.connection.find('GET', `/containers/${encodeURIComponent(id)}/stats`, parseCpuMs, { query })
  }

  /** What a container of this node holds in memory, without what the kernel would give back; null when it does not run here. */
  memoryBytes(id: string): Promise<number | null> {
    const query = { stream: false, 'one-shot': true }
    return this.connection.find('GET', `/containers/${encodeURIComponent(id)}/stats`, parseMemoryBytes, { query })
  }

  /** What a container of this node holds in its own layer; null when there is none. The engine walks the layer: ask seldom. */
  layerBytes(id: string): Promise<number | null> {
    const query = { size: true }
    return this.connection.find('GET', `/containers/${encodeURIComponent(id)}/json`, parseLayerBytes, {
      query,
      timeoutMs: 60_000,
    })
  }

  /** See `execIn`. */
  exec(containerId: string, argv: readonly string[], options: ExecCallOptions): Promise<EngineExecResult> {
    return execIn(this.connection, containerId, argv, options)
  }

  /** See `pipeThrough`. */
  pipe(
    containerId: string,
    argv: readonly string[],
    options: PipeOptions,
  ): Promise<{ readonly exitCode: number; readonly stderr: string }> {
    return pipeThrough(this.connection, containerId, argv, options)
  }

  /** What a container wrote so far, both streams in order; a cut is marked at its end. Works for ended ones. */
  containerLogs(id: string, options: LogOptions = {}): Promise<string> {
    return this.#logs(`/containers/${encodeURIComponent(id)}/logs`, options)
  }

  /** Logs by way of the Swarm, also from other nodes; may hang in the engine, so mind the deadline. */
  taskLogs(taskId: string, options: LogOptions = {}): Promise<string> {
    return this.#logs(`/tasks/${encodeURIComponent(taskId)}/logs`, options)
  }

  serviceLogs(serviceId: string, options: LogOptions = {}): Promise<string> {
    return this.#logs(`/services/${encodeURIComponent(serviceId)}/logs`, options)
  }

  /** For `waitFor`'s wake: `using watch = engine.events(stack)`, then `wake: watch.wake`. */
  events(stack: string): EventWatch {
    return new EventWatch(
      this.places.map(({ connection }) => connection),
      stack,
    )
  }

  /** An image that the engine has, by reference or id; null when it has none. */
  image(ref: string): Promise<ImageState | null> {
    return this.connection.find('GET', `/images/${encodeURIComponent(ref).replaceAll('%2F', '/')}/json`, parseImage)
  }

  /** See `pull`. */
  pull(ref: string, options: PullOptions): Promise<void> {
    return pull(this.connection, ref, options)
  }

  /** Takes a name or an id from the engine, and the image with its last name. False: it was not there. EngineRefusal 409 where a container uses it. */
  removeImage(ref: string): Promise<boolean> {
    return this.connection.sendIfFound('DELETE', `/images/${encodeURIComponent(ref).replaceAll('%2F', '/')}`, {
      timeoutMs: 5 * 60_000,
    })
  }

  /** References of the images that services of this engine want, of whatever stack. */
  async serviceImages(): Promise<readonly string[]> {
    return (await this.connection.request('GET', '/services', listOf(parseService))).map(({ image }) => image)
  }

  /** Creates and starts a container that sees the named volumes and no network; resolves to its id. */
  runContainer(spec: HelperContainer): Promise<string> {
    return startHelper(this.connection, spec)
  }

  async removeContainer(name: string): Promise<void> {
    await this.objects.removeContainer(name)
  }

  async createVolume(name: string, labels: Labels): Promise<void> {
    await this.objects.createVolume(name, labels)
  }

  async removeVolume(name: string): Promise<void> {
    await this.objects.remove('volume', name)
  }

  /** Names of the volumes that carry the label `key=value`. */
  async listVolumes(label: string): Promise<string[]> {
    return (await this.objects.list('volume', label)).map(({ name }) => name)
  }

  /** See `runOneOff`. */
  run(oneOff: OneOff): Promise<OneOffResult> {
    return runOneOff(this, oneOff)
  }

  async #logs(path: string, options: LogOptions): Promise<string> {
    const timeoutMs = options.timeoutMs ?? CALL_DEADLINE_MS
    const late = AbortSignal.timeout(timeoutMs)
    const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
    const query = {
      stdout: true,
      stderr: true,
      follow: false,
      timestamps: options.timestamps ?? false,
      tail: options.tail ?? 'all',
    }
    const output = new FrameReader(options.maxBytes ?? 4 * 1024 * 1024)
    try {
      await readAll(await this.connection.stream('GET', path, { query, signal }), output, signal)
    } catch (error) {
      options.signal?.throwIfAborted()
      if (!late.aborted) throw error
      return `${output.text('all')}\n[cc-ci: the engine did not end this log within ${timeoutMs} ms]\n`
    }
    return output.truncated ? `${output.text('all')}\n[cc-ci: cut here]\n` : output.text('all')
  }
}
