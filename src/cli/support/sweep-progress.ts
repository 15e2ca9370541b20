import type { CellRecord, PlannedCell } from '../../history/sweep/record.ts'
import type { SweepProgressState, SweepStep } from '../../history/sweep/running.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import type { RunningBlock } from '../../report/terminal/running-block.ts'

/** A line for each run that begins and ends; on a terminal only the ends, and a block below them with what is running and how long it may take. */
export class SweepProgress {
  readonly #block: RunningBlock

  constructor(block: RunningBlock) {
    this.#block = block
  }

  report(step: SweepStep): void {
    if (step.step === 'planned') {
      const kept = step.kept === 0 ? '' : `, ${step.kept} ended before`
      this.#block.print([`${step.toRun} runs to make${kept}${etaWords(step.etaMs)}`])
      return
    }
    this.#show(step.progress)
    if (step.step === 'ended') this.#block.print([endLine(step.cell, step.record, step.progress)])
    else if (step.step === 'again')
      this.#block.print([`again  ${step.cell.key}: node ${step.lostNode} was lost under its run`])
    else if (!this.#block.isLive) {
      const { key, ref, head } = step.cell
      this.#block.print([`begun  ${key} ${ref === head ? '' : `${ref} `}(run ${step.run})`])
    }
  }

  close(): void {
    this.#block.close()
  }

  #show({ done, of, running, etaMs }: SweepProgressState): void {
    this.#block.show(`${done} of ${of} runs ended${etaWords(etaMs)}`, running)
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
