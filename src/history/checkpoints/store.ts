import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { UsageError } from '../../lib/errors.ts'
import { isRunId, randomId } from '../../lib/ids.ts'
import { tryMachineLock } from '../../lib/process/machine-lock.ts'
import { isAbandoned, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import { CHECKPOINT_TIERS, type Checkpoint, type CheckpointKeeper } from '../../lifecycle/stored-data/checkpoint.ts'
import { openDraft } from '../stored-data/draft.ts'
import { readStoredData } from '../stored-data/read.ts'
import { AGAINST_REUSE } from '../stored-data/reuse.ts'
import { refuseWithoutRoom } from '../stored-data/room.ts'
import { type CurrentImageId, verify } from '../stored-data/verification.ts'
import { CHECKPOINT_FORMAT, type CheckpointManifest, checkpointShape } from './contract.ts'

export interface CheckpointOptions {
  readonly state: string
  /** What all checkpoints may take on the disk together. */
  readonly budgetBytes: number
  /** Null: there is no engine to ask, and images are not compared. */
  readonly imageNow: CurrentImageId | null
  readonly clock?: Clock
}

/** The checkpoints of one state folder: see `contract.ts`. */
export interface CheckpointStore extends CheckpointKeeper {
  /**
   * The checkpoint of a run, whole, lent to this process until it ends. Throws UsageError `no-checkpoint` where there is none or it is not whole, and
   * `run-not-over` where its app may still be there or another run continues from it.
   */
  lend(run: string): Promise<Checkpoint>
  /** Runs that have one, newest first. */
  runs(): string[]
}

/** A failed run is resumed while one still knows why it failed. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000

export function openCheckpoints(options: CheckpointOptions): CheckpointStore {
  const { state, budgetBytes, clock = systemClock } = options
  return {
    refusal: (plan) =>
      [
        plan.attached ? 'its app is that of another run' : null,
        'canonical' in plan.canonical ? 'its app has the data and the name of a canonical' : null,
        ...Object.values(AGAINST_REUSE).map((against) => against(plan)),
      ].find((why) => why !== null) ?? null,
    async begin(facts, app, secrets, bytes) {
      await removeDead(state)
      await refuseWithoutRoom({
        ...{ dir: checkpointsDir(state), bytes, budgetBytes, code: 'checkpoint-no-room' },
        ...{ what: 'checkpoints', setting: 'CC_CI_CHECKPOINTS_SIZE' },
        hint: 'Free some space: checkpoints are below checkpoints/ in the state folder.',
      })
      const home = join(checkpointsDir(state), app.runId)
      const { only, ...request } = facts.request
      return openDraft({
        dir: join(draftsDir(state), app.runId),
        target: join(home, facts.after),
        manifest: {
          ...{ format: CHECKPOINT_FORMAT, ...facts, run: app.runId },
          asked: { ...request, ...(only ? { only: [...only] } : {}) },
          app: { domain: app.domain, stack: app.stack },
          images: [...app.images],
        },
        secrets: { env: Object.fromEntries(secrets.env), values: Object.fromEntries(secrets.values) },
        now: () => clock.now(),
        async committed() {
          for (const tier of CHECKPOINT_TIERS) if (tier !== facts.after) await remove(state, join(home, tier))
          await removeOld(state, { budgetBytes, now: clock.now(), spare: app.runId })
        },
      })
    },
    storedAfter: (run) => newestOf(state, run)?.manifest.after ?? null,
    discard: (run) => remove(state, join(checkpointsDir(state), run)),
    lend: (run) => lend(options, run),
    runs: () => runsIn(state),
  }
}

/** Removes checkpoints that are too old, and of runs that are not there any more. Resolves to how many went. */
export async function collectCheckpoints(state: string, budgetBytes: number, clock: Clock): Promise<number> {
  await removeDead(state)
  return removeOld(state, { budgetBytes, now: clock.now() })
}

/** References of the images that checkpoints were made with. */
export function checkpointImages(state: string): string[] {
  return runsIn(state).flatMap((run) => newestOf(state, run)?.manifest.images.map(({ ref }) => ref) ?? [])
}

function checkpointsDir(state: string): string {
  return join(state, 'checkpoints')
}

function draftsDir(state: string): string {
  return join(checkpointsDir(state), '.taking')
}

function runsIn(state: string): string[] {
  return foldersIn(checkpointsDir(state)).filter(isRunId).sort().reverse()
}

function foldersIn(dir: string): string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

async function lend({ state, imageNow }: CheckpointOptions, run: string): Promise<Checkpoint> {
  const found = newestOf(state, run)
  if (!found) {
    const others = runsIn(state).slice(0, 5)
    throw new UsageError('no-checkpoint', `of run ${run} no app is kept that could be resumed`, {
      hint: `Kept is the app of a failed run whose backup passed, where no hooks.preRestore changes it; with --checkpoints that of one whose install passed. ${others.length > 0 ? `There is one of: ${others.join(', ')}.` : 'There is none.'}`,
    })
  }
  const lock = await lockOf(state, run)
  const record = readRecord(runFolder(state, run))
  const lives = record !== null && record.status !== 'ended' && !isAbandoned(record, runFolder(state, run))
  if (!lock || lives) {
    lock?.[Symbol.dispose]()
    const what =
      lives && record.status === 'kept' ? `run ${run} has left its app up` : `another run has the app of run ${run}`
    throw new UsageError('run-not-over', `${what}: its name can be had once only`, {
      hint: record?.status === 'kept' ? `\`cc-ci gc ${run}\` takes it down.` : 'Wait until that one has ended.',
    })
  }
  const verdict = await verify(found, imageNow)
  if (verdict.kind !== 'whole') {
    lock[Symbol.dispose]()
    throw new UsageError(
      'no-checkpoint',
      `the checkpoint of run ${run} is ${verdict.kind}: ${verdict.why.join('; ')}`,
      {
        hint: 'Run all of it again, without --resume.',
      },
    )
  }
  // Never released: the kernel does it when this process ends.
  const { recipe, after, asked: request, digests } = found.manifest
  return { recipe, after, request, digests, data: readStoredData(found) }
}

/** By the name of the app, which runs that continued from one another share. Null: it is lent. */
function lockOf(state: string, run: string) {
  const name = join(checkpointsDir(state), newestOf(state, run)?.manifest.app.stack ?? run)
  return tryMachineLock(`cc-ci-checkpoint-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`)
}

function newestOf(state: string, run: string): { dir: string; manifest: CheckpointManifest } | null {
  for (const tier of CHECKPOINT_TIERS.toReversed()) {
    const dir = join(checkpointsDir(state), run, tier)
    const manifest = readManifest(dir)
    if (manifest) return { dir, manifest }
  }
  return null
}

function readManifest(dir: string): CheckpointManifest | null {
  try {
    return checkpointShape.parse(JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')))
  } catch {
    return null
  }
}

/** Out of sight in one step, so that a kill leaves no half of it under its name. */
async function remove(state: string, dir: string): Promise<void> {
  if (!existsSync(dir)) return
  const gone = join(draftsDir(state), `removed-${randomId(10)}`)
  await mkdir(draftsDir(state), { recursive: true, mode: 0o700 })
  await rename(dir, gone)
  await rm(gone, { recursive: true, force: true })
}

/** Drafts of runs that do not live, and what a kill left on its way out. */
async function removeDead(state: string): Promise<void> {
  for (const name of foldersIn(draftsDir(state))) {
    const record = isRunId(name) ? readRecord(runFolder(state, name)) : null
    if (record?.status === 'running' && !isAbandoned(record, runFolder(state, name))) continue
    await rm(join(draftsDir(state), name), { recursive: true, force: true })
  }
}

interface Limits {
  readonly budgetBytes: number
  readonly now: number
  /** The run that has just kept one. */
  readonly spare?: string
}

async function removeOld(state: string, { budgetBytes, now, spare }: Limits): Promise<number> {
  let total = 0
  let removed = 0
  for (const run of runsIn(state)) {
    const dir = join(checkpointsDir(state), run)
    const bytes = sizeOf(dir)
    total += bytes
    const old = now - statSync(dir).mtimeMs > KEPT_MS || readRecord(runFolder(state, run)) === null
    if (run === spare || (!old && total <= budgetBytes)) continue
    using lock = await lockOf(state, run)
    if (!lock) continue
    total -= bytes
    removed += 1
    await remove(state, dir)
  }
  return removed
}

function sizeOf(dir: string): number {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
