import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { exec } from '../../lib/process/exec.ts'
import { isAlive, ownIdentity, type ProcessIdentity } from '../../lib/process/process-identity.ts'
import { listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import { type DiskRoom, roomIn } from '../../machine/disk-room.ts'
import type { WorkerDisks } from '../contract/protocol.ts'
import type { RunOutcome } from '../contract/request.ts'
import { readResults } from '../runs/outcome.ts'
import { childEnv } from './child.ts'

/** Temporary folder of one worker process. Its name identifies the process, so that the next worker removes the folder of one that was killed. */
export interface Workspace {
  readonly dir: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function openWorkspace(state: string): Promise<Workspace> {
  const all = join(state, 'worker')
  const dir = join(all, nameOf(ownIdentity()))
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (const name of await readdir(all)) {
    const owner = identityOf(name)
    if (owner && !isAlive(owner)) await rm(join(all, name), { recursive: true, force: true })
  }
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }) }
}

function nameOf({ pid, startTicks, bootId, pidNamespace = '' }: ProcessIdentity): string {
  return `${pid}-${startTicks}-${bootId}@${pidNamespace.replace(/\D/g, '')}`
}

function identityOf(name: string): ProcessIdentity | null {
  const [, pid, startTicks = '', bootId = '', namespace] = /^(\d+)-(\d*)-([\w-]*)(?:@(\d+))?$/.exec(name) ?? []
  const pidNamespace = namespace ? { pidNamespace: `pid:[${namespace}]` } : {}
  return pid === undefined ? null : { pid: Number(pid), startTicks, bootId, ...pidNamespace }
}

const ENGINES = '/var/lib/docker'

/** Room where runs write: the state folder, and the folder of an engine of this machine, which is null for one elsewhere. */
export async function diskRooms(state: string): Promise<{ readonly runs: DiskRoom; readonly images: DiskRoom | null }> {
  const elsewhere = process.env.DOCKER_HOST || !existsSync(ENGINES)
  const [runs, images] = await Promise.all([roomIn(state), elsewhere ? null : roomIn(ENGINES)])
  return { runs, images }
}

/** Of both, what has less free bytes. */
export function leastFree({ runs, images }: Awaited<ReturnType<typeof diskRooms>>): number {
  return Math.min(runs.free, images?.free ?? Number.POSITIVE_INFINITY)
}

/** As a worker reports it. */
export function disksOf({ runs, images }: Awaited<ReturnType<typeof diskRooms>>): WorkerDisks {
  const told = ({ free, size }: DiskRoom) => ({ freeBytes: free, sizeBytes: size })
  return { runs: told(runs), images: images && told(images) }
}

const shape = z.object({ schema: z.literal(1), delivered: z.boolean(), at: z.iso.datetime() })

/** How many run folders a worker retains on its own disk. Ages in ms. */
export interface FolderLimits {
  /** Delivered folders, which the server has too: the newest ones, no older and no larger together than this. */
  readonly count: number
  readonly bytes: number
  readonly ageMs: number
  /** Folders that were never delivered, because the lease was lost or the worker killed: only a person may want them. */
  readonly undeliveredMs: number
}

const DAY_MS = 24 * 3_600_000
export const FOLDER_LIMITS: FolderLimits = {
  count: 50,
  bytes: 5 * 1024 ** 3,
  ageMs: 7 * DAY_MS,
  undeliveredMs: 30 * DAY_MS,
}

/** Writes `worker.json` into a run's folder: it is this worker's, and whether the server has all of it. */
export async function recordDelivery(state: string, run: string, delivered: boolean, now: number): Promise<void> {
  const { dir } = runFolder(state, run)
  await writeJson(join(dir, 'worker.json'), { schema: 1, delivered, at: new Date(now).toISOString() })
}

/**
 * Removes run folders of workers that exceed the limits, oldest first; gives their names. Folders that no worker made stay, and those of runs that may
 * still have something on the engine. `busy`: folders of active runs.
 */
export async function pruneRunFolders(
  state: string,
  { limits, busy, now }: { readonly limits: FolderLimits; readonly busy: ReadonlySet<string>; readonly now: number },
): Promise<readonly string[]> {
  const removed: string[] = []
  let count = 0
  let bytes = 0
  for (const run of listRuns(state)) {
    const record = busy.has(run) ? null : await readDelivery(state, run)
    if (!record) continue
    const age = now - Date.parse(record.at)
    if (record.delivered) {
      count += 1
      bytes += await sizeOf(runFolder(state, run).dir)
    }
    const stays = record.delivered
      ? count <= limits.count && bytes <= limits.bytes && age <= limits.ageMs
      : age <= limits.undeliveredMs
    if (stays) continue
    await rm(runFolder(state, run).dir, { recursive: true, force: true })
    removed.push(run)
  }
  return removed
}

/** Null where no worker made the folder, or its run has not ended. */
async function readDelivery(state: string, run: string): Promise<z.infer<typeof shape> | null> {
  const folder = runFolder(state, run)
  const text = await readFile(join(folder.dir, 'worker.json'), 'utf8').catch(() => null)
  if (text === null || (readRecord(folder)?.status ?? 'ended') !== 'ended') return null
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    return null
  }
}

async function sizeOf(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => null))?.size ?? 0
  }
  return bytes
}

const GC_DEADLINE_MS = 600_000

export interface CommandOptions {
  readonly ccCi: readonly string[]
  readonly state: string
}

/** `cc-ci gc`: removes from the engine what dead runs of this state folder left. Gives its output when something could not be removed. */
export async function runGarbageCollection(
  { ccCi, state }: CommandOptions,
  signal?: AbortSignal,
): Promise<string | null> {
  const [file = '', ...args] = ccCi
  const done = await exec(file, [...args, 'gc', '--state', state], {
    ...{ timeoutMs: GC_DEADLINE_MS, graceMs: 5000, env: childEnv(), cwd: '/' },
    signal,
  })
  return done.exitCode === 0 ? null : `${done.stdout}${done.stderr}`.trim().slice(-2000) || 'cc-ci gc did not end'
}

/**
 * `cc-ci gc --images`: removes images that runs pulled or built, by the operator's limits; `all`: every unused one. Gives its output when it failed.
 */
export async function pruneImages({ ccCi, state }: CommandOptions, all: boolean): Promise<string | null> {
  const [file = '', ...args] = ccCi
  const limits = all ? ['--max-bytes', '0'] : []
  const done = await exec(file, [...args, 'gc', '--images', ...limits, '--state', state], {
    ...{ timeoutMs: GC_DEADLINE_MS, graceMs: 5000, env: childEnv(), cwd: '/' },
  })
  return done.exitCode === 0 ? null : `${done.stdout}${done.stderr}`.trim().slice(-2000) || 'cc-ci gc did not end'
}

/**
 * Whether everything that a run created is gone, once its process has exited. Where the run has not proven it itself, `cc-ci gc` removes the rest first.
 */
export async function verifyTeardown(parts: CommandOptions, runId: string): Promise<RunOutcome['teardown']> {
  const folder = runFolder(parts.state, runId)
  const flags = await readResults(folder.results).then(
    (results) => results.flags,
    () => null,
  )
  if (flags?.cleanTeardown && readRecord(folder)?.status !== 'running') return 'clean'
  if (readRecord(folder) === null) return 'none'
  await runGarbageCollection(parts)
  const record = readRecord(folder)
  if (record === null) return 'none'
  return record.status === 'ended' ? 'clean' : 'left'
}
