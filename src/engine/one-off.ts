import { DeadlineError } from '../lib/errors.ts'
import type { Engine } from './client.ts'
import { containerEnd, createContainer, startContainer } from './containers.ts'

/** A container that runs once to its end and is removed. */
export interface OneOff {
  readonly name: string
  readonly image: string
  readonly argv: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly deadlineMs: number
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

async function ended(engine: Engine, id: string, { name, deadlineMs, signal }: OneOff): Promise<number> {
  const late = AbortSignal.timeout(deadlineMs)
  try {
    const both = signal ? AbortSignal.any([signal, late]) : late
    return await containerEnd(engine.connection, id, { deadlineMs: deadlineMs + 1000, signal: both })
  } catch (error) {
    signal?.throwIfAborted()
    if (!late.aborted) throw error
    throw new DeadlineError('container-deadline', `container ${name} did not end within ${deadlineMs} ms`)
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
