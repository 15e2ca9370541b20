import type { Cleanup } from '../lib/async/cleanup.ts'
import type { ExecResult } from '../lib/process/exec.ts'
import type { RunEvent } from '../verdict/events.ts'

/** What a disturbance may touch of the run that it disturbs. */
export interface DisturbanceContext {
  /** A folder of this canary alone; gone afterwards. */
  readonly dir: string
  /** The work tree of the recipe. */
  readonly recipe: string
  /** The environment that the run starts with; add to it. */
  readonly env: Record<string, string>
  /** More words for `cc-ci test`; add to them. */
  readonly args: string[]
  /** What to undo once the run has ended, last in, first out. */
  readonly cleanup: Cleanup
  /** Calls the listener with each event of the run, in order, within about 25 ms; the next one waits until it is done. */
  on(listener: (event: RunEvent, run: DisturbedRun) => Promise<void> | void): void
  /** Another `cc-ci` with the same state folder, before the run or after. */
  call(args: readonly string[]): Promise<ExecResult>
}

export interface DisturbedRun {
  readonly id: string
  readonly stack: string
  /** The folder of the run. */
  readonly folder: string
  signal(name: 'SIGINT' | 'SIGTERM'): void
}
