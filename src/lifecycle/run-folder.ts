import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, UsageError } from '../lib/errors.ts'
import { writeJsonSync } from '../lib/files/atomic-file.ts'
import { isRunId } from '../lib/ids.ts'
import { holdLifeSign, readLifeSign } from '../lib/process/life-sign.ts'
import { isAlive, ownIdentity } from '../lib/process/process-identity.ts'

const recordSchema = z.object({
  schema: z.literal(1),
  id: z.string().refine(isRunId),
  startedAt: z.string(),
  /** Null while the run is still being planned: then nothing of it exists but its folder. */
  app: z
    .object({
      recipe: z.string(),
      commit: z.string(),
      stack: z.string(),
      domain: z.string(),
      /** Names under `deps`: what may have to be released. */
      deps: z.array(z.string()).optional(),
      /** Host name of the node that it is on, in a Swarm of several. */
      node: z.string().optional(),
    })
    .nullable(),
  process: z.object({
    pid: z.int(),
    startTicks: z.string(),
    bootId: z.string(),
    pidNamespace: z.string().optional(),
  }),
  /** `running` until teardown has proven that nothing is left; `kept` by --keep; `ended`. */
  status: z.enum(['running', 'kept', 'ended']),
})

/** `run.json`: what is needed to take a run down after its process is gone. Written before anything is created. */
export type RunRecord = z.infer<typeof recordSchema>

/** Paths of one run; everything a run writes on this machine is below `dir`. */
export interface RunFolder {
  readonly dir: string
  readonly events: string
  readonly results: string
  readonly report: string
  readonly junit: string
  readonly logs: string
  readonly artifacts: string
  /** The recipe as it was deployed; `checkoutBase` where an upgrade started. */
  readonly checkout: string
  readonly checkoutBase: string
  /** A folder for each release on the way from there to head: `1`, `2`, .... */
  readonly checkoutVia: string
  /** What the dependencies gave to a run whose app was kept; see `custom/kept-deps.ts`. */
  readonly retainedDeps: string
  /** Gone when the run has ended. */
  readonly tmp: string
  /** Held by the run's process while it lives: see `life-sign.ts`. */
  readonly alive: string
}

export function runFolder(stateDir: string, id: string): RunFolder {
  const dir = join(stateDir, 'runs', id)
  return {
    dir,
    events: join(dir, 'events.ndjson'),
    results: join(dir, 'results.json'),
    report: join(dir, 'report.html'),
    junit: join(dir, 'artifacts', 'junit.xml'),
    logs: join(dir, 'logs'),
    artifacts: join(dir, 'artifacts'),
    checkout: join(dir, 'checkout'),
    checkoutBase: join(dir, 'checkout-base'),
    checkoutVia: join(dir, 'checkout-via'),
    retainedDeps: join(dir, 'kept-deps.json'),
    tmp: join(dir, 'tmp'),
    alive: join(dir, 'alive'),
  }
}

/** What a server keeps in the folder of a run: its own, whatever becomes of the run. */
const SERVERS = ['request.json', 'claimed.json', 'cancel.json', 'outcome.json']

/**
 * Makes the folder and says in it whose it is, before anything else is written. A server may have made the folder before, with its request in
 * it. Throws UsageError `run-exists` where a run has begun in it, `state-unwritable`.
 */
export function reserveRun(stateDir: string, id: string, startedAt: string): RunFolder {
  const folder = runFolder(stateDir, id)
  if (existsSync(join(folder.dir, 'run.json'))) {
    throw new UsageError('run-exists', `run ${id} has begun already, in ${folder.dir}`, {
      hint: 'Every run has an id of its own: leave --run-id out, or give a new one.',
    })
  }
  try {
    for (const dir of [folder.logs, folder.artifacts, folder.tmp]) mkdirSync(dir, { recursive: true, mode: 0o700 })
    holdLifeSign(folder.alive)
    writeRecord(folder, { schema: 1, id, startedAt, app: null, process: ownIdentity(), status: 'running' })
  } catch (error) {
    throw new UsageError('state-unwritable', `no run can be kept in ${stateDir}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Name a folder that can be written with --state or CC_CI_STATE, on a disk with space.',
    })
  }
  return folder
}

/** Names the app in run.json: from here on a killed run can be taken down. Must come before anything is created. */
export function announceApp(folder: RunFolder, app: RunRecord['app']): void {
  const record = readRecord(folder)
  if (record) writeRecord(folder, { ...record, app })
}

/** Replaces run.json in one step, so that a kill leaves the old or the new one, never half. */
export function writeRecord(folder: RunFolder, record: RunRecord): void {
  writeJsonSync(join(folder.dir, 'run.json'), record, { mode: 0o644 })
}

export function setStatus(folder: RunFolder, status: RunRecord['status']): void {
  const record = readRecord(folder)
  if (record) writeRecord(folder, { ...record, status })
  if (status !== 'running') rmSync(folder.alive, { force: true })
}

/** Null when the folder has no readable record: it was killed before it had created anything. */
export function readRecord(folder: RunFolder): RunRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(folder.dir, 'run.json'), 'utf8')))
  } catch {
    return null
  }
}

/** Removes all that a run wrote: the whole folder, but for what a server keeps there. */
export function discardRun({ dir }: Pick<RunFolder, 'dir'>): void {
  if (!existsSync(dir)) return
  const entries = readdirSync(dir)
  for (const name of entries.filter((entry) => !SERVERS.includes(entry))) {
    rmSync(join(dir, name), { recursive: true, force: true })
  }
  if (!entries.some((entry) => SERVERS.includes(entry))) rmdirSync(dir)
}

/** Ids of all runs in the state folder, newest first. */
export function listRuns(stateDir: string): string[] {
  try {
    return readdirSync(join(stateDir, 'runs')).filter(isRunId).sort().reverse()
  } catch {
    return []
  }
}

/** True for a run whose process has died before it ended: its things may still be on the engine. */
export function isAbandoned(record: RunRecord, { alive }: Pick<RunFolder, 'alive'>): boolean {
  return record.status === 'running' && !(readLifeSign(alive) ?? isAlive(record.process))
}

export function removeTmp(folder: RunFolder): void {
  rmSync(folder.tmp, { recursive: true, force: true })
}
