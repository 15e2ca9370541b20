import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Engine } from '../engine/client.ts'
import { type Ledger, takeLedger } from '../engine/ledger.ts'
import { removeStackOrThrow } from '../engine/removal.ts'
import { Cleanup, type UndoFailure } from '../lib/async/cleanup.ts'
import { type RunFolder, removeTmp } from './run-folder.ts'

export interface TakeDownOptions {
  readonly engine: Engine
  readonly stack: string
  readonly runId: string
  readonly folder: RunFolder
  readonly timeoutMs: number
  /** What was seen before the removal, so that anonymous volumes are found again. */
  readonly known?: Ledger
  /** A node that the run was on, and whose engine nobody can ask. */
  readonly hidden?: string
}

export interface Leak {
  /** `node`: one that could not be looked at. */
  readonly kind: string
  readonly name: string
}

/** Marks every child process of a run through its environment, so that a survivor can be found after a kill. */
export const RUN_VARIABLE = 'CC_CI_RUN'

/** Removes all that a run may have made; safe to repeat, and safe for a run that was killed at any moment. */
export async function takeDown(options: TakeDownOptions): Promise<UndoFailure[]> {
  const { engine, stack, runId, folder, timeoutMs, known } = options
  const cleanup = new Cleanup()
  cleanup.register('temporary files', async () => removeTmp(folder))
  cleanup.register('stack', async () => {
    await removeStackOrThrow(engine, { stack, runId, timeoutMs, known })
  })
  cleanup.register('processes', async () => killSurvivors(runId))
  return cleanup.run()
}

/** What is still there of a run, on the engine and on this machine. */
export async function leaksOf(
  options: Pick<TakeDownOptions, 'engine' | 'stack' | 'runId' | 'folder' | 'known' | 'hidden'>,
): Promise<{ ledger: Ledger; leaks: Leak[] }> {
  const ledger = await takeLedger(options.engine, { stack: options.stack, runId: options.runId, known: options.known })
  const files = existsSync(options.folder.tmp) ? [{ kind: 'files', name: options.folder.tmp }] : []
  const processes = survivors(options.runId).map((pid) => ({ kind: 'processes', name: String(pid) }))
  const nodes = [
    ...ledger.unseen.map((node) => ({ kind: 'node', name: `${node}, whose engine does not answer` })),
    ...(options.hidden === undefined
      ? []
      : [{ kind: 'node', name: `${options.hidden}, of which CC_CI_NODES does not say where its engine is` }]),
  ]
  return { ledger, leaks: [...ledger.entries(), ...files, ...processes, ...nodes] }
}

function killSurvivors(runId: string): void {
  for (const pid of survivors(runId)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

/** Processes other than this one that carry the run's mark. */
function survivors(runId: string): number[] {
  const mark = `${RUN_VARIABLE}=${runId}\0`
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => environmentOf(name).includes(mark))
    .map(Number)
}

function environmentOf(pid: string): string {
  try {
    return `${readFileSync(`/proc/${pid}/environ`, 'utf8')}\0`
  } catch {
    // It ended meanwhile, or belongs to somebody else: not a child of this run either way.
    return ''
  }
}
