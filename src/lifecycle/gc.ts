import { providerOf } from '../deps/index.ts'
import { edgeAddress } from '../edge/address.ts'
import type { Engine } from '../engine/client.ts'
import { takeLedger } from '../engine/ledger.ts'
import { Cleanup, type UndoFailure } from '../lib/cleanup.ts'
import { tryMachineLock } from '../lib/machine-lock.ts'
import { forgetKeptDeps } from './custom/kept-deps.ts'
import { discardRun, isAbandoned, listRuns, type RunRecord, readRecord, runFolder, setStatus } from './run-folder.ts'
import { type Leak, leaksOf, takeDown } from './take-down.ts'

export interface Collected {
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
  readonly kept?: readonly string[]
  readonly deadlineMs?: number
}

/** Takes down every run whose process died before its teardown had proven that nothing is left, and only those. */
export async function collectGarbage(options: GcOptions): Promise<Collected[]> {
  const collected: Collected[] = []
  for (const { id } of abandonedRuns(options.stateDir, options.kept))
    collected.push(...(await collectAlone(id, options)))
  return collected
}

/**
 * One at a time on this machine, and only what nobody else has collected meanwhile: another run may get the name of this app again as soon as it has
 * ended (`canonical.ts`).
 */
async function collectAlone(id: string, options: GcOptions): Promise<Collected[]> {
  using lock = await tryMachineLock(`cc-ci-gc-${id}`)
  if (!lock) return []
  const record = abandonedRuns(options.stateDir, options.kept).find((one) => one.id === id)
  return record ? [await collect(record, options)] : []
}

/** Runs that `collectGarbage` would take down. */
export function abandonedRuns(stateDir: string, kept: readonly string[] = []): RunRecord[] {
  return listRuns(stateDir)
    .map((id) => readRecord(runFolder(stateDir, id)))
    .filter((record) => record !== null)
    .filter(
      (record) =>
        isAbandoned(record, runFolder(stateDir, record.id)) || (record.status === 'kept' && kept.includes(record.id)),
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

async function collect(record: RunRecord, { stateDir, engine, deadlineMs = 120_000 }: GcOptions): Promise<Collected> {
  const folder = runFolder(stateDir, record.id)
  if (!record.app) {
    discardRun(folder)
    return { id: record.id, removed: 0, left: [], failures: [] }
  }
  const run = { engine, stack: record.app.stack, runId: record.id, folder }
  const known = await takeLedger(engine, run)
  const failures = [...(await releaseDeps(record, engine)), ...(await takeDown({ ...run, known, deadlineMs }))]
  const { leaks } = await leaksOf({ ...run, known })
  if (leaks.length === 0) {
    forgetKeptDeps(folder)
    setStatus(folder, 'ended')
  }
  return {
    id: record.id,
    removed: known.total,
    left: leaks,
    failures: failures.map(({ what, message }) => `${what}: ${message}`),
  }
}
