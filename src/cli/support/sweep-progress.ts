import type { CellRecord, PlannedCell } from '../../history/sweep/record.ts'
import type { SweepProgressState, SweepStep } from '../../history/sweep/running.ts'
import { formatDuration } from '../../lib/text/duration.ts'

/** What can be written to, and may be a terminal. */
interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** A line for each run that begins and ends; on a terminal only the ends, and a last line that says what continues and how long it may take. */
export class SweepProgress {
  readonly #screen: Screen
  #status = false

  constructor(screen: Screen) {
    this.#screen = screen
  }

  report(step: SweepStep): void {
    this.close()
    if (step.step === 'planned') {
      const kept = step.kept === 0 ? '' : `, ${step.kept} ended before`
      this.#screen.write(`${step.toRun} runs to make${kept}${etaWords(step.etaMs)}\n`)
    } else if (step.step === 'ended') {
      this.#screen.write(`${endLine(step.cell, step.record, step.progress)}\n`)
      this.#show(step.progress)
    } else if (this.#screen.isTTY) this.#show(step.progress)
    else
      this.#screen.write(
        `begun  ${step.cell.key} ${step.cell.ref === step.cell.head ? '' : `${step.cell.ref} `}(run ${step.run})\n`,
      )
  }

  close(): void {
    if (this.#status) this.#screen.write('\r\u001b[K')
    this.#status = false
  }

  #show({ done, of, running, etaMs }: SweepProgressState): void {
    if (!this.#screen.isTTY || running.length === 0) return
    const text = `${done} of ${of}${etaWords(etaMs)}; running: ${running.join(', ')}`
    this.#screen.write(text.slice(0, (this.#screen.columns ?? 80) - 1))
    this.#status = true
  }
}

const ENDS: Readonly<Record<number, string>> = { 0: 'pass', 1: 'fail', 3: 'unverified' }

function endLine(
  { key }: PlannedCell,
  { startedAt, finishedAt, exitCode, refused }: CellRecord,
  { done, of, etaMs }: SweepProgressState,
): string {
  const took = finishedAt === null ? '' : ` in ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`
  const how = refused ? `no results: ${refused.code}` : (ENDS[exitCode ?? -1] ?? `exit ${exitCode ?? 'by a signal'}`)
  return `ended  ${key}: ${how}${took}  (${done} of ${of}${etaWords(etaMs)})`
}

function etaWords(ms: number | null): string {
  return ms === null ? '' : `, about ${formatDuration(ms)} left`
}
