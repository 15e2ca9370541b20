import { join } from 'node:path'
import { type Engine, RUN_LABEL, STACK_LABEL } from '../../engine/client.ts'
import { containersOn, volumesOn } from '../../engine/ledger.ts'
import type { ContainerState } from '../../engine/types.ts'
import { InfraError } from '../../lib/errors.ts'
import { exec } from '../../lib/process/exec.ts'
import { deletedFileBytes } from './deleted-files.ts'

/** Something on the disk that a run made grow. */
export interface Writer {
  /** For people: `volume data of app`. */
  readonly what: string
  readonly bytes: number
  /** Of the app under test: neither of a dependency nor a copy that cc-ci made of its data. */
  readonly own: boolean
  /** Short name of the service that writes it, where there is just one. */
  readonly service: string | null
  /** The containers that can write it. */
  readonly containers: readonly string[]
}

export interface MeasuredRun {
  readonly stack: string
  readonly runId: string
  /** Has GNU du. */
  readonly image: string
}

/** Folder of an engine of this machine, whose volumes can be looked at without a container; null elsewhere. */
export type EngineFolder = string | null

const DEADLINE_MS = 60_000
const ROOT = '/measured'

/**
 * What the containers and volumes of a run hold on the disk, largest first, as blocks: holes cost nothing. The logs of containers are bounded elsewhere
 * (`resources.log`). Files that were deleted and are still open count where the engine is on this machine. Volumes of an engine elsewhere are looked at in a container of the run that reads them, which takes longer.
 */
export async function measureRun(
  engine: Engine,
  run: MeasuredRun & { readonly folder: EngineFolder },
  signal?: AbortSignal,
): Promise<Writer[]> {
  const containers = await containersOn(engine, run)
  const [layers, volumes, nameless] = await Promise.all([
    layersOf(engine, run, containers),
    volumesOf(engine, run, containers, signal),
    run.folder === null ? [] : namelessOf(run, containers),
  ])
  return [...layers, ...volumes, ...nameless].filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes)
}

async function layersOf(engine: Engine, run: MeasuredRun, containers: readonly ContainerState[]): Promise<Writer[]> {
  const byOwner = new Map<string, Writer>()
  for (const container of containers) {
    const bytes = (await engine.layerBytes(container.id)) ?? 0
    const name = serviceOf(container, run) ?? container.name
    const before = byOwner.get(name)
    byOwner.set(name, {
      what: `container layer of ${name}`,
      bytes: bytes + (before?.bytes ?? 0),
      own: isOwn(container, run),
      service: serviceOf(container, run),
      containers: [...(before?.containers ?? []), container.id],
    })
  }
  return [...byOwner.values()]
}

async function namelessOf(run: MeasuredRun, containers: readonly ContainerState[]): Promise<Writer[]> {
  const held = await deletedFileBytes(containers.map(({ id }) => id))
  return containers.flatMap((container) => {
    const bytes = held.get(container.id) ?? 0
    const service = serviceOf(container, run)
    const what = `deleted files that ${service ?? container.name} holds open`
    return bytes > 0 ? [{ what, bytes, own: isOwn(container, run), service, containers: [container.id] }] : []
  })
}

async function volumesOf(
  engine: Engine,
  run: MeasuredRun & { readonly folder: EngineFolder },
  containers: readonly ContainerState[],
  signal?: AbortSignal,
): Promise<Writer[]> {
  const volumes = await volumesOn(engine, run)
  if (volumes.length === 0) return []
  const ofStack = await engine.listVolumes(`${STACK_LABEL}=${run.stack}`)
  const bytes = (await bytesHere(run.folder, volumes, signal)) ?? (await bytesThere(engine, run, volumes, signal))
  return volumes.map((name, index) => {
    const users = containers.filter(({ mounts }) => mounts.some((mount) => mount.name === name))
    const apps = users.filter((user) => isOwn(user, run))
    const services = [...new Set(apps.flatMap((user) => serviceOf(user, run) ?? []))]
    const short = name.startsWith(`${run.stack}_`) ? name.slice(run.stack.length + 1) : name.slice(0, 12)
    return {
      what: `volume ${short}${services.length > 0 ? ` of ${services.join(', ')}` : ''}`,
      bytes: bytes[index] ?? 0,
      own: apps.length > 0 || ofStack.includes(name),
      service: services.length === 1 ? (services[0] ?? null) : null,
      containers: users.map(({ id }) => id),
    }
  })
}

const DU = ['du', '-s', '--block-size=1'] as const

/** Null where they do not lie here, or are not to be read. */
async function bytesHere(
  folder: EngineFolder,
  volumes: readonly string[],
  signal?: AbortSignal,
): Promise<number[] | null> {
  if (folder === null) return null
  const paths = volumes.map((volume) => join(folder, 'volumes', volume, '_data'))
  const [file, ...args] = [...DU, '--', ...paths] as [string, ...string[]]
  const { stdout, timedOut } = await exec(file, args, { timeoutMs: DEADLINE_MS, ...(signal ? { signal } : {}) })
  // So many files take as long in a container.
  if (timedOut) throw new InfraError('disk-unknown', `du did not end within ${DEADLINE_MS / 1000} s`)
  return sizesOf(stdout, paths)
}

/** As du prints them; null where one of the paths is not among them. */
function sizesOf(output: string, paths: readonly string[]): number[] | null {
  const found = new Map<string, number>()
  for (const [, bytes, path = ''] of output.matchAll(/^(\d+)\t(.+)$/gm)) found.set(path.trimEnd(), Number(bytes))
  const sizes = paths.flatMap((path) => found.get(path) ?? [])
  return sizes.length === paths.length ? sizes : null
}

/** A volume that vanishes meanwhile is made again by the mount, with the run's label, so that it goes with the run. */
async function bytesThere(
  engine: Engine,
  { stack, runId, image }: MeasuredRun,
  volumes: readonly string[],
  signal?: AbortSignal,
): Promise<number[]> {
  const paths = volumes.map((_, index) => `${ROOT}/${index}`)
  const { output } = await engine.run({
    name: `${stack}_ccci-measure`,
    image,
    argv: [...DU, ...paths],
    labels: { [RUN_LABEL]: runId },
    volumes: volumes.map((volume, index) => ({ volume, target: `${ROOT}/${index}`, readOnly: true })),
    timeoutMs: DEADLINE_MS,
    ...(signal ? { signal } : {}),
  })
  const sizes = sizesOf(output, paths)
  if (sizes) return sizes
  throw new InfraError('toolbox-failed', `du in the toolbox said: ${output.slice(-500)}`)
}

function isOwn({ labels }: ContainerState, { stack }: MeasuredRun): boolean {
  return labels[STACK_LABEL] === stack
}

function serviceOf(container: ContainerState, run: MeasuredRun): string | null {
  if (!isOwn(container, run)) return null
  return container.labels['com.docker.swarm.service.name']?.slice(run.stack.length + 1) ?? null
}
