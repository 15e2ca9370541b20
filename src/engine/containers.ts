import { z } from 'zod'
import { DeadlineError } from '../lib/errors.ts'
import { parseId } from './answer.ts'
import type { Engine } from './client.ts'
import type { Connection } from './connection.ts'

/*
 * Ways to start a container of ours, and which to take:
 * - `runOneOff`: runs to its end, gives exit code and output, is removed. For a single command.
 * - `startHelper`: stays up without a network, worked in by exec (`Engine.exec`). For many commands on volumes.
 * - `startNetworked`: a small server on one network, locked down. For what apps connect to.
 * - `createContainer`, then `startContainer`: any other form of the engine's; with `attachContainer` (attach-container.ts) in between for one whose input
 *   and output are a conversation.
 * A one-shot service of the recipe is no container of ours: `runOnce` (one-shot-service.ts) scales it up and waits until its task completes.
 */

/** Creates a container from the engine's own form of it, without starting it. Gives its id. */
export function createContainer(
  connection: Connection,
  name: string,
  body: object,
  signal?: AbortSignal,
): Promise<string> {
  return connection.request('POST', '/containers/create', parseId, { query: { name }, body, signal })
}

export async function startContainer(connection: Connection, id: string, signal?: AbortSignal): Promise<void> {
  await connection.send('POST', `/containers/${encodeURIComponent(id)}/start`, { timeoutMs: 60_000, signal })
}

/** Puts a container on one more network, under these names. */
export async function connectContainer(
  connection: Connection,
  id: string,
  network: { readonly name: string; readonly aliases: readonly string[] },
): Promise<void> {
  const body = { Container: id, EndpointConfig: { Aliases: network.aliases } }
  await connection.send('POST', `/networks/${encodeURIComponent(network.name)}/connect`, { body })
}

/** Unpacks a tar archive below a folder of a container whose root is writable; it need not run. */
export async function unpackInto(connection: Connection, id: string, dir: string, archive: Buffer): Promise<void> {
  await connection.send('PUT', `/containers/${encodeURIComponent(id)}/archive`, { query: { path: dir }, archive })
}

/** Waits for a container's end and gives its exit code. */
export function containerEnd(
  connection: Connection,
  id: string,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<number> {
  return connection.request('POST', `/containers/${encodeURIComponent(id)}/wait`, parseEnd, options)
}

const end = z.object({ StatusCode: z.number() })

function parseEnd(answer: unknown): number {
  return end.parse(answer).StatusCode
}

/** A container of ours that stays up and is worked in by exec; the caller removes it by name. */
export interface HelperContainer {
  readonly name: string
  readonly image: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** Volume name to path in the container. */
  readonly mounts: ReadonlyMap<string, string>
  /** The only ones it gets. */
  readonly capabilities: readonly string[]
}

/** Creates and starts it without a network; resolves to its id. */
export async function startHelper(connection: Connection, spec: HelperContainer): Promise<string> {
  const body = {
    Image: spec.image,
    Cmd: spec.argv,
    Env: Object.entries(spec.env).map(([key, value]) => `${key}=${value}`),
    Labels: spec.labels,
    HostConfig: {
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      CapAdd: spec.capabilities,
      Mounts: [...spec.mounts].map(([volume, target]) => ({ Type: 'volume', Source: volume, Target: target })),
    },
  }
  const id = await createContainer(connection, spec.name, body)
  await startContainer(connection, id)
  return id
}

/** A small server of ours on one network, with nothing of the machine and little room; the caller removes it by name. */
export interface NetworkedContainer {
  readonly name: string
  readonly image: string
  readonly labels: Readonly<Record<string, string>>
  readonly network: string
  /** Names it answers to on that network. */
  readonly aliases: readonly string[]
  /** The only ones it gets. */
  readonly capabilities: readonly string[]
  readonly memoryBytes: number
  /** Path to size in bytes: the only places where it can write. */
  readonly scratch: Readonly<Record<string, number>>
}

/** Creates and starts it with the image's own program; resolves to its id. */
export async function startNetworked({ connection }: Engine, spec: NetworkedContainer): Promise<string> {
  const scratch = Object.entries(spec.scratch).map(([path, bytes]) => [path, `size=${bytes},mode=0700`])
  const body = {
    Image: spec.image,
    Labels: spec.labels,
    HostConfig: {
      NetworkMode: spec.network,
      CapDrop: ['ALL'],
      CapAdd: spec.capabilities,
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Memory: spec.memoryBytes,
      MemorySwap: spec.memoryBytes,
      PidsLimit: 64,
      Tmpfs: Object.fromEntries(scratch),
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    },
    NetworkingConfig: { EndpointsConfig: { [spec.network]: { Aliases: spec.aliases } } },
  }
  const id = await createContainer(connection, spec.name, body)
  await startContainer(connection, id)
  return id
}

/** A container that runs once to its end and is removed. */
export interface OneOff {
  readonly name: string
  readonly image: string
  readonly argv: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Default: none at all. */
  readonly network?: string
  readonly volumes?: readonly { readonly volume: string; readonly target: string; readonly readOnly?: boolean }[]
  readonly env?: Readonly<Record<string, string>>
  /** Bytes kept of each stream. Default 4 MiB. */
  readonly maxBytes?: number
}

export interface OneOffResult {
  readonly exitCode: number
  /** Both streams in the order they came. */
  readonly output: string
}

/**
 * Runs a container to its end and removes it whatever happens. A non-zero exit is a result; DeadlineError `container-deadline` when it
 * takes too long. No capability beyond the engine's defaults, and no mount but the named volumes.
 */
export async function runOneOff(engine: Engine, oneOff: OneOff): Promise<OneOffResult> {
  const id = await createContainer(engine.connection, oneOff.name, bodyOf(oneOff))
  try {
    await startContainer(engine.connection, id)
    const exitCode = await ended(engine, id, oneOff)
    const output = await engine.containerLogs(id, { maxBytes: oneOff.maxBytes })
    return { exitCode, output }
  } finally {
    await engine.objects.removeContainer(id)
  }
}

async function ended(engine: Engine, id: string, { name, timeoutMs, signal }: OneOff): Promise<number> {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const both = signal ? AbortSignal.any([signal, late]) : late
    return await containerEnd(engine.connection, id, { timeoutMs: timeoutMs + 1000, signal: both })
  } catch (error) {
    signal?.throwIfAborted()
    if (!late.aborted) throw error
    throw new DeadlineError('container-deadline', `container ${name} did not end within ${timeoutMs} ms`)
  }
}

function bodyOf({ image, argv, labels, network, volumes = [], env = {} }: OneOff): object {
  return {
    Image: image,
    Cmd: argv,
    Labels: labels,
    Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    HostConfig: {
      NetworkMode: network ?? 'none',
      Mounts: volumes.map(({ volume, target, readOnly }) => ({
        Type: 'volume',
        Source: volume,
        Target: target,
        ReadOnly: readOnly ?? false,
        // Of one that this mount makes, since it had just gone.
        VolumeOptions: { Labels: labels },
      })),
    },
  }
}
