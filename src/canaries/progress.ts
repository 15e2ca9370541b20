import type { RunningBlock } from '../report/terminal/running-block.ts'
import type { Ink } from '../report/text/colors.ts'
import type { Canary } from './canary.ts'
import type { CanaryRun } from './run-canary.ts'
import { headerLine, runLines } from './table.ts'

export interface ProgressOptions {
  readonly canaries: Readonly<Record<string, Canary>>
  readonly total: number
  readonly ink: Ink
  /** What is counted. Default: `canaries`. */
  readonly noun?: string
}

/** The table as it comes, a line for each canary that has ended; on a terminal a block below it says what is running. */
export class SelftestProgress {
  readonly #block: RunningBlock
  readonly #canaries: Readonly<Record<string, Canary>>
  readonly #ink: Ink
  readonly #total: number
  readonly #noun: string
  /** A canary that is repeated may run more than once at the same time. */
  readonly #running: string[] = []
  #done = 0

  constructor(block: RunningBlock, options: ProgressOptions) {
    this.#block = block
    this.#canaries = options.canaries
    this.#ink = options.ink
    this.#total = options.total
    this.#noun = options.noun ?? 'canaries'
    block.print([headerLine()])
  }

  started(name: string): void {
    this.#running.push(name)
    this.#show()
  }

  ended(run: CanaryRun): void {
    this.#running.splice(this.#running.indexOf(run.name), 1)
    this.#done += 1
    this.#show()
    const canary = this.#canaries[run.name]
    if (canary) this.#block.print(runLines(run, canary, this.#ink))
  }

  close(): void {
    this.#block.close()
  }

  #show(): void {
    this.#block.show(`${this.#done} of ${this.#total} ${this.#noun} ended`, this.#running)
  }
}
