import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { randomId } from '../../lib/ids.ts'
import { tryMachineLock } from '../../lib/process/machine-lock.ts'
import { toolIdentity } from '../../lib/version.ts'
import { isAbandoned, listRuns, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import type {
  Canonical,
  CanonicalKeeper,
  CanonicalLibrary,
  CanonicalLookup,
  ReleaseKey,
} from '../../lifecycle/stored-data/canonical.ts'
import { openDraft } from '../stored-data/draft.ts'
import { readStoredData } from '../stored-data/read.ts'
import { refuseWithoutRoom } from '../stored-data/room.ts'
import { type CurrentImageId, verify } from '../stored-data/verification.ts'
import { CANONICAL_FORMAT, type CanonicalManifest } from './contract.ts'
import { evictions } from './eviction.ts'
import {
  type CanonicalGeneration,
  canonicalsDir,
  canonicalVersions,
  draftsDir,
  foldersIn,
  generationsIn,
  generationsOf,
  homeOf,
  newestWhole,
  usedMark,
} from './folders.ts'
import { pinRuns } from './pin.ts'
import { refusals } from './promotion.ts'

export interface CanonicalStoreOptions {
  readonly state: string
  /** What all canonicals may take on the disk together. */
  readonly budgetBytes: number
  /** Null: there is no engine to ask, and images are not compared. */
  readonly imageNow: CurrentImageId | null
  /** For the manifest. */
  readonly engine?: () => Promise<{ readonly version: string; readonly api: string }>
  readonly clock?: Clock
}

/** The canonicals of one state folder: see `contract.ts`. */
export type CanonicalStore = CanonicalLibrary & CanonicalKeeper

export function openCanonicals(options: CanonicalStoreOptions): CanonicalStore {
  const { state, budgetBytes, clock = systemClock } = options
  return {
    find: (key) => lend(options, key),
    versions: (recipe) => canonicalVersions(state, recipe),
    refusals,
    async begin(key, app, secrets, bytes) {
      await removeDeadDrafts(state)
      await refuseWithoutRoom({
        ...{ dir: canonicalsDir(state), bytes, budgetBytes, code: 'canonical-no-room' },
        ...{ what: 'canonicals', setting: 'CC_CI_CANONICALS_SIZE' },
        hint: 'Free some space: `cc-ci canonicals` lists what is kept, `cc-ci canonicals --remove` removes.',
      })
      const target = join(homeOf(state, key), app.runId)
      const { version, api } = (await options.engine?.()) ?? { version: 'unknown', api: 'unknown' }
      const tool = await toolIdentity()
      return openDraft({
        dir: join(draftsDir(state), app.runId),
        target,
        manifest: {
          format: CANONICAL_FORMAT,
          recipe: { name: key.recipe, origin: key.origin },
          ...{ version: key.version, commit: key.commit, run: app.runId },
          environment: { tool: tool.version, engine: version, api },
          app: { domain: app.domain, stack: app.stack },
          images: [...app.images],
        },
        secrets: { env: Object.fromEntries(secrets.env), values: Object.fromEntries(secrets.values) },
        now: () => clock.now(),
        async committed() {
          await removeOlder(dirname(target))
          for (const generation of evictions(generationsIn(state), { bytes: budgetBytes, spare: target }))
            await removeGenerationLocked(generation)
          await pinRuns(state)
        },
      })
    },
  }
}

async function lend(
  { state, imageNow, clock = systemClock }: CanonicalStoreOptions,
  key: ReleaseKey,
): Promise<CanonicalLookup> {
  const home = homeOf(state, key)
  const generations = generationsOf(home)
  if (generations.length === 0) return { kind: 'missing' }
  const newest = newestWhole(generations)
  if (!newest) return unusable('its manifest cannot be read, or is of another format')
  const { manifest } = newest
  if (manifest.commit !== key.commit)
    return unusable(`it was taken of ${manifest.commit.slice(0, 8)}, and the tag is at ${key.commit.slice(0, 8)} now`)
  const lock = await tryMachineLock(lockName(home))
  const by = lock ? holderOf(state, manifest) : 'another run'
  if (!lock || by !== null) {
    lock?.[Symbol.dispose]()
    return unusable(`it is lent to ${by}: its app has a name that only one run can have`)
  }
  const verdict = await verify(newest, imageNow)
  if (verdict.kind !== 'whole') {
    lock[Symbol.dispose]()
    return unusable(`it is ${verdict.kind}: ${verdict.why.join('; ')}`)
  }
  // Never released: the kernel does it when this process ends.
  return { kind: 'usable', canonical: lentOf(newest, { manifest, clock }) }
}

function unusable(why: string): CanonicalLookup {
  return { kind: 'unusable', why }
}

function lentOf(
  { dir, home }: CanonicalGeneration,
  { manifest, clock }: { manifest: CanonicalManifest; clock: Clock },
): Canonical {
  const { recipe, version, commit } = manifest
  // A plan only looks: it is used when somebody reads it.
  const used = () => writeFileSync(usedMark(home), `${new Date(clock.now()).toISOString()}\n`, { mode: 0o600 })
  return { ...readStoredData({ dir, manifest }, used), recipe: recipe.name, origin: recipe.origin, version, commit }
}

/** A run that was kept, or killed, has left the app up, and its lock has gone with its process. */
function holderOf(state: string, { app: { stack } }: CanonicalManifest): string | null {
  const holds = (id: string) => {
    const record = readRecord(runFolder(state, id))
    return record?.app?.stack === stack && record.status !== 'ended'
  }
  const run = listRuns(state).find(holds)
  return run === undefined ? null : `run ${run}`
}

function lockName(home: string): string {
  return `cc-ci-canonical-${createHash('sha256').update(home).digest('hex').slice(0, 32)}`
}

/** Removes whatever a version has, unless it is lent. False: it is. */
export async function removeVersion(home: string): Promise<boolean> {
  return withLock(home, async () => {
    // Its generations first: what is left after a kill is a folder without any.
    for (const generation of generationsOf(home)) await removeGeneration(generation)
    await rm(home, { recursive: true, force: true })
    await rmdir(dirname(home)).catch(() => undefined)
  })
}

async function removeGenerationLocked(generation: CanonicalGeneration): Promise<boolean> {
  const { home, dir } = generation
  const isLast = generationsOf(home).every((other) => other.dir === dir)
  return isLast ? removeVersion(home) : withLock(home, () => removeGeneration(generation))
}

/** Out of sight in one step, so that a kill leaves no half of it under its name; the rest goes with the drafts of dead runs. */
async function removeGeneration({ home, dir, runId }: CanonicalGeneration): Promise<void> {
  const drafts = join(dirname(dirname(home)), basename(draftsDir('')))
  await mkdir(drafts, { recursive: true, mode: 0o700 })
  const gone = join(drafts, `${runId}.removed-${randomId(6)}`)
  await rename(dir, gone)
  await rm(gone, { recursive: true, force: true })
}

/** Also what a kill between the rename and the removal left, and what was lent then. */
async function removeOlder(home: string): Promise<void> {
  const generations = generationsOf(home)
  const newest = newestWhole(generations)
  if (!newest) return
  for (const generation of generations.filter(({ dir }) => dir !== newest.dir))
    await withLock(home, () => removeGeneration(generation))
}

async function withLock(home: string, act: () => Promise<void>): Promise<boolean> {
  using lock = await tryMachineLock(lockName(home))
  if (!lock) return false
  await act()
  return true
}

/** Drafts of runs that do not live; those of others are in the making. */
export async function removeDeadDrafts(state: string): Promise<void> {
  for (const id of foldersIn(draftsDir(state))) {
    const folder = runFolder(state, id)
    const record = readRecord(folder)
    if (record?.status === 'running' && !isAbandoned(record, folder)) continue
    await rm(join(draftsDir(state), id), { recursive: true, force: true })
  }
}
