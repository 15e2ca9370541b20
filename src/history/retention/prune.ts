import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock } from '../../lib/async/clock.ts'
import { messageOf, UsageError } from '../../lib/errors.ts'
import { randomId, timeOfRunId } from '../../lib/ids.ts'
import { tryMachineLock } from '../../lib/process/machine-lock.ts'
import { listRuns, runFolder } from '../../lifecycle/run-folder.ts'
import { removeUnusedBuilds, type UnusedBuild } from '../attribution/unused-builds.ts'
import { kindOf, PRUNE_KINDS, type PruneKind, wholeFolders } from './kinds.ts'
import { filesBelow, measureFolder, TRASH } from './measure.ts'
import type { PruneOutcome } from './outcome.ts'
import { readPins } from './pins.ts'
import { bytesOf, type PlannedRun, type PruneFacts, type PrunePlan, planPrune } from './plan.ts'
import type { RetentionPolicy } from './policy.ts'
import { addPruned, finishPruned, readPruned } from './pruned-record.ts'
import { type Keep, lacksResults, standingOf } from './standing.ts'

export interface PruneOptions {
  readonly state: string
  readonly policy: RetentionPolicy
  readonly clock: Pick<Clock, 'now'>
  /** True: nothing is touched, only told. */
  readonly dryRun?: boolean
}

/**
 * Prunes the runs of a state folder. May be killed at any point and called again: `pruned.json` says what goes before it goes, so that what is
 * half removed never looks whole, and the next call continues. Throws UsageError `prune-busy` where another prune of the folder is at work on this
 * machine, and `pins-damaged`.
 */
export async function pruneRuns(options: PruneOptions): Promise<PruneOutcome> {
  const { state, policy, clock, dryRun = false } = options
  using _lock = dryRun ? null : await lockOf(state)
  const now = clock.now()
  const plan = planOf(options, now)
  const done = plan.prune.map((planned) => (dryRun ? wouldPrune(planned) : pruneRun(state, planned, now)))
  const { olderThanMs } = policy
  const builds = olderThanMs === null ? [] : await removeUnusedBuilds({ state, olderThanMs, now, dryRun })
  return outcomeOf({ plan, done, builds, policy, dryRun, now })
}

/** What is known of every run here, and what the policy means for them. */
function planOf({ state, policy }: PruneOptions, now: number): PrunePlan {
  const pins = readPins(state)
  const runs = listRuns(state).map((id) => factsOf(state, id, pins))
  return planPrune({ runs, policy, now, lacksResults: ({ id }) => lacksResults(runFolder(state, id), id) })
}

function factsOf(state: string, id: string, pins: ReturnType<typeof readPins>): PruneFacts {
  const folder = runFolder(state, id)
  const at = timeOfRunId(id)
  try {
    const keep = standingOf(folder, id, pins.get(id) ?? [])
    const begun = (readPruned(folder.dir)?.pruned ?? []).filter(({ finished }) => !finished).map(({ kind }) => kind)
    return { id, at, use: isFolder(folder.dir) ? measureFolder(folder.dir) : EMPTY, begun, keep }
  } catch (error) {
    return { id, at, use: EMPTY, begun: [], keep: { reason: 'unreadable', words: messageOf(error) } }
  }
}

const EMPTY: PruneFacts['use'] = { files: 0, bytes: 0, kinds: new Map(), leftovers: [] }

interface Done {
  readonly planned: PlannedRun
  /** Set: somebody came to need the run after it was looked at. */
  readonly keep: Keep | null
  readonly failure: string | null
  /** By how much the folder has become smaller, its record taken off, in bytes. */
  readonly freed: number
}

function wouldPrune(planned: PlannedRun): Done {
  return { planned, keep: null, failure: null, freed: bytesOf(planned.facts, planned.kinds) }
}

function pruneRun(state: string, planned: PlannedRun, now: number): Done {
  const { id } = planned.facts
  const folder = runFolder(state, id)
  const pins = readPins(state).get(id) ?? []
  const freed = () => planned.facts.use.bytes - measureFolder(folder.dir).bytes
  try {
    const keep = standingOf(folder, id, pins)
    if (keep) return { planned, keep, failure: null, freed: 0 }
    removeKinds(folder.dir, planned, now)
    return { planned, keep: null, failure: null, freed: freed() }
  } catch (error) {
    return { planned, keep: null, failure: messageOf(error), freed: freed() }
  }
}

/** First the record, then what it speaks of, then that it is done. */
function removeKinds(dir: string, { facts, why, kinds }: PlannedRun, now: number): void {
  const fresh = kinds.filter((kind) => !facts.begun.includes(kind))
  if (why !== 'begun' && fresh.length > 0) {
    const entries = fresh.map((kind) => {
      const { files, bytes } = facts.use.kinds.get(kind) ?? { files: 0, bytes: 0 }
      const folders = wholeFolders(kind).filter((name) => isThere(join(dir, name)))
      return { kind, at: new Date(now).toISOString(), files, bytes, folders, why, finished: false }
    })
    addPruned(dir, entries)
  }
  // Theirs is what a killed prune left, which no record needs.
  for (const name of facts.use.leftovers) rmSync(join(dir, name), { recursive: true, force: true })
  for (const kind of kinds) moveAway(dir, kind)
  rmSync(join(dir, TRASH), { recursive: true, force: true })
  for (const path of [...filesBelow(dir)].map((file) => file.path)) {
    const kind = kindOf(path)
    if (kind && kinds.includes(kind)) removePlain(dir, path)
  }
  if (kinds.length > 0) finishPruned(dir, new Set(kinds))
}

/** A folder goes in one step, so that nobody ever sees a part of it; a link goes as a link. */
function moveAway(dir: string, kind: PruneKind): void {
  for (const name of wholeFolders(kind)) {
    if (!isThere(join(dir, name))) continue
    mkdirSync(join(dir, TRASH), { recursive: true, mode: 0o700 })
    renameSync(join(dir, name), join(dir, TRASH, `${name}-${randomId(6)}`))
  }
}

/** And the folders that it was the last one in, but for those at the top. */
function removePlain(dir: string, path: string): void {
  rmSync(join(dir, path), { force: true })
  for (let below = dirname(path); below.includes('/'); below = dirname(below)) {
    if (readdirSync(join(dir, below)).length > 0) return
    rmdirSync(join(dir, below))
  }
}

interface Doings {
  readonly plan: PrunePlan
  readonly done: readonly Done[]
  readonly builds: readonly UnusedBuild[]
  readonly policy: RetentionPolicy
  readonly dryRun: boolean
  readonly now: number
}

function outcomeOf({ plan, done, builds, policy, dryRun, now }: Doings): PruneOutcome {
  const went = done.filter(({ keep, failure }) => keep === null && failure === null).map(({ planned }) => planned)
  const late = done.flatMap(({ planned: { facts }, keep }) => (keep ? [{ facts, keep }] : []))
  const kept = [...plan.kept, ...late]
  const freed = done.reduce((sum, one) => sum + one.freed, 0)
  return {
    ...{ schema: 1, dryRun, at: new Date(now).toISOString(), policy },
    ...{ before: plan.before, after: { ...plan.before, bytes: plan.before.bytes - freed } },
    kinds: PRUNE_KINDS.flatMap((kind) => {
      const uses = went.flatMap(({ facts, kinds }) => (kinds.includes(kind) ? (facts.use.kinds.get(kind) ?? []) : []))
      const files = uses.reduce((sum, use) => sum + use.files, 0)
      const bytes = uses.reduce((sum, use) => sum + use.bytes, 0)
      return files === 0 ? [] : [{ kind, runs: uses.length, files, bytes }]
    }),
    pruned: went
      .filter(({ kinds }) => kinds.length > 0)
      .map(({ facts, why, kinds }) => ({
        run: facts.id,
        why,
        kinds: kinds.map((kind) => ({ kind, ...(facts.use.kinds.get(kind) ?? { files: 0, bytes: 0 }) })),
      })),
    kept: kept.map(({ facts, keep }) => {
      return { run: facts.id, ...keep, bytes: bytesOf(facts, [...facts.use.kinds.keys()]) }
    }),
    ...{ within: plan.within, bare: plan.bare, builds: [...builds] },
    failures: done.flatMap(({ planned, failure }) =>
      failure === null ? [] : [{ run: planned.facts.id, message: failure }],
    ),
  }
}

async function lockOf(state: string): Promise<Disposable> {
  const facts = statSync(state, { throwIfNoEntry: false })
  if (!facts) return { [Symbol.dispose]: () => {} }
  const lock = await tryMachineLock(`cc-ci-prune-${facts.dev}-${facts.ino}`)
  if (lock) return lock
  throw new UsageError('prune-busy', `the runs in ${state} are being pruned already`, {
    kind: 'conflict',
    hint: 'Wait until that has ended; a server prunes by itself.',
  })
}

function isFolder(dir: string): boolean {
  return lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() === true
}

function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}
