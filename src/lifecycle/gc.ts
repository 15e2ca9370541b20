import { providerOf } from '../deps/index.ts'
import { edgeAddress } from '../edge/address.ts'
import type { Engine } from '../engine/client.ts'
import { takeLedger } from '../engine/ledger.ts'
import { engineOn } from '../engine/nodes/reach.ts'
import { Cleanup, type UndoFailure } from '../lib/async/cleanup.ts'
import { waitFor } from '../lib/async/wait.ts'
import { tryMachineLock } from '../lib/process/machine-lock.ts'
import { forgetRetainedDeps } from './custom/retained-deps.ts'
import { discardRun, isAbandoned, listRuns, type RunRecord, readRecord, runFolder, setStatus } from './run-folder.ts'
import { type Leak, leaksOf, takeDown } from './take-down.ts'

export interface GcResult {
  readonly id: string
  /** How many things of the run were found and removed. */
  readonly removed: number
  /** What could not be removed. */
  readonly left: readonly Leak[]
  readonly failures: readonly string[]
}

export interface GcOptions {
  readonly stateDir: string
  readonly engine: Engine
  /** Runs kept by --keep are only removed when named here. */
  readonly retained?: readonly string[]
  readonly timeoutMs?: number
  /**
   * What is done where another process takes a run down this moment. `wait`: until it has, so that what was dead is gone when this is over; a run that it holds for
   * too long is `left`. `leave`, the default: nothing, for whoever has other things to do.
   */
  readonly busy?: 'wait' | 'leave'
}

/** Far more than it takes to take one run down. */
const BUSY_DEADLINE_MS = 10 * 60_000

/** Takes down every run whose process died before its teardown had proven that nothing is left, and only those. */
export async function collectGarbage(options: GcOptions): Promise<GcResult[]> {
  const collected: GcResult[] = []
  for (const { id } of abandonedRuns(options.stateDir, options.retained))
    collected.push(...(await collectAlone(id, options)))
  return collected
}

/**
 * One at a time on this machine, and only what nobody else has collected meanwhile: another run may get the name of this app again as soon as it has
 * ended (`canonical.ts`).
 */
async function collectAlone(id: string, options: GcOptions): Promise<GcResult[]> {
  using lock = await (options.busy === 'wait' ? awaitedLock(id) : tryMachineLock(lockOf(id)))
  if (!lock) return options.busy === 'wait' ? [held(id)] : []
  const record = abandonedRuns(options.stateDir, options.retained).find((one) => one.id === id)
  return record ? [await collect(record, options)] : []
}

function lockOf(id: string): string {
  return `cc-ci-gc-${id}`
}

/** Null where somebody else has it for too long. */
async function awaitedLock(id: string): Promise<Disposable | null> {
  const taken = await waitFor<Disposable, never>(
    async () => {
      const lock = await tryMachineLock(lockOf(id))
      return lock ? { state: 'ready', value: lock } : { state: 'waiting', reason: 'another process takes it down' }
    },
    { name: `what takes run ${id} down to end`, timeoutMs: BUSY_DEADLINE_MS, everyMs: 200 },
  )
  return taken.state === 'ready' ? taken.value : null
}

function held(id: string): GcResult {
  const message = `another process has been taking it down for ${BUSY_DEADLINE_MS / 60_000} min`
  return { id, removed: 0, left: [{ kind: 'run', name: id }], failures: [message] }
}

/** Runs that `collectGarbage` would take down: no dead one whose app has gone over to a run that lives or is kept (`--resume`), which has everything under the same name. */
export function abandonedRuns(stateDir: string, retained: readonly string[] = []): RunRecord[] {
  const records = listRuns(stateDir)
    .map((id) => readRecord(runFolder(stateDir, id)))
    .filter((record) => record !== null)
  const dead = records.filter((record) => isAbandoned(record, runFolder(stateDir, record.id)))
  const living = records.filter((record) => record.status !== 'ended' && !dead.includes(record))
  const hasGoneOver = ({ app }: RunRecord) => app !== null && living.some((one) => one.app?.stack === app.stack)
  return records.filter(
    (record) =>
      (dead.includes(record) && !hasGoneOver(record)) || (record.status === 'kept' && retained.includes(record.id)),
  )
}

/** What a provider made for the run outside of its stack: a realm, for example. Recipes among the dependencies go with the stack. */
async function releaseDeps({ id, app }: RunRecord, engine: Engine): Promise<UndoFailure[]> {
  const cleanup = new Cleanup()
  for (const name of app?.deps ?? []) {
    const provider = await providerOf(name)
    if (!provider || !app) continue
    cleanup.register(`dependency ${name}`, async () => {
      const edge = await edgeAddress()
      const host = { engine, edge, vips: true, signal: new AbortController().signal, log: () => {} }
      await provider.release(host, { runId: id, stack: app.stack })
    })
  }
  return cleanup.run()
}

async function collect(record: RunRecord, { stateDir, engine, timeoutMs = 120_000 }: GcOptions): Promise<GcResult> {
  const folder = runFolder(stateDir, record.id)
  if (!record.app) {
    discardRun(folder)
    return { id: record.id, removed: 0, left: [], failures: [] }
  }
  // A node that the Swarm does not have any more has nothing of it any more.
  const place = record.app.node === undefined ? engine : await engineOn(engine, record.app.node)
  const run = {
    ...{ engine: typeof place === 'string' ? engine : place, stack: record.app.stack, runId: record.id, folder },
    ...(place === 'unknown' ? { hidden: record.app.node } : {}),
  }
  const known = await takeLedger(run.engine, run)
  const failures = [...(await releaseDeps(record, engine)), ...(await takeDown({ ...run, known, timeoutMs }))]
  const { leaks } = await leaksOf({ ...run, known })
  if (leaks.length === 0) {
    forgetRetainedDeps(folder)
    setStatus(folder, 'ended')
  }
  return {
    id: record.id,
    removed: known.total,
    left: leaks,
    failures: failures.map(({ what, message }) => `${what}: ${message}`),
  }
}
