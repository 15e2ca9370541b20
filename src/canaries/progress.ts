import type { Ink } from '../report/text/colors.ts'
import type { Canary } from './canary.ts'
import type { CanaryRun } from './run-canary.ts'
import { headerLine, runLines } from './table.ts'

/** What can be written to, and may be a terminal. */
export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The table as it comes, a line for each canary that has ended; on a terminal a last line says what is running. */
export class SelftestProgress {
  readonly #screen: Screen
  readonly #canaries: Readonly<Record<string, Canary>>
  readonly #ink: Ink
  readonly #total: number
  readonly #running: string[] = []
  #done = 0
  #status = false

  constructor(screen: Screen, options: { canaries: Readonly<Record<string, Canary>>; total: number; ink: Ink }) {
    this.#screen = screen
    this.#canaries = options.canaries
    this.#total = options.total
    this.#ink = options.ink
    screen.write(`${headerLine()}\n`)
  }

  started(name: string): void {
    this.#running.push(name)
    this.#show()
  }

  ended(run: CanaryRun): void {
    this.#running.splice(this.#running.indexOf(run.name), 1)
    this.#done += 1
    this.#clear()
    const canary = this.#canaries[run.name]
    if (canary) this.#screen.write(`${runLines(run, canary, this.#ink).join('\n')}\n`)
    this.#show()
  }

  close(): void {
    this.#clear()
  }

  #show(): void {
    if (!this.#screen.isTTY) return
    this.#clear()
    if (this.#running.length === 0) return
    const text = `${this.#done} of ${this.#total}; running: ${this.#running.join(', ')}`
    this.#screen.write(text.slice(0, (this.#screen.columns ?? 80) - 1))
    this.#status = true
  }

  #clear(): void {
    if (this.#status) this.#screen.write('\r\u001b[K')
    this.#status = false
  }
}
