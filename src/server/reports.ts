import { type RunIndex, readRunIndex } from '../history/run-index.ts'
import type { WeeklyHeadline, WeeklyReport } from '../history/weekly/report.ts'
import { type Week, weekNamed } from '../history/weekly/week.ts'
import { endedWeeks, weeklyHeadlines, weeklyReport } from '../history/weekly/weekly.ts'
import type { Clock } from '../lib/async/clock.ts'

/** How long what was read is good for: a week that is over changes only when a run of it comes late. */
const FRESH_MS = 60_000
/** Half a year. */
const MOST_WEEKS = 26

/**
 * The weekly reports of this server: of weeks that are over, derived from the run folders whenever somebody asks. Nothing of them is on the disk, so
 * that they are the same after the database was made again.
 */
export class ReportShelf {
  readonly #state: string
  readonly #clock: Pick<Clock, 'now'>
  #read: Read | null = null

  constructor({ state, clock }: { readonly state: string; readonly clock: Pick<Clock, 'now'> }) {
    this.#state = state
    this.#clock = clock
  }

  /** Of weeks in which something ran, newest first. */
  headlines(): readonly WeeklyHeadline[] {
    const read = this.#fresh()
    read.headlines ??= weeklyHeadlines(read.index.runs, this.#weeks(read, MOST_WEEKS))
    return read.headlines
  }

  /** Whole reports of the newest of them. */
  reports(most: number): WeeklyReport[] {
    const read = this.#fresh()
    return this.#weeks(read, most).map((week) => reportIn(read, week))
  }

  /** Null: there is no such week, it is not over, or nothing ran in it. */
  report(id: string): WeeklyReport | null {
    const week = weekNamed(id)
    if (!week || week.to > this.#clock.now()) return null
    const report = reportIn(this.#fresh(), week)
    return report.totals.runs + report.damaged.length > 0 ? report : null
  }

  #weeks({ index }: Read, most: number): Week[] {
    return endedWeeks(index.runs, this.#clock.now(), most)
  }

  /** What was made of the same runs is as good as new, but for a week that has ended meanwhile. */
  #fresh(): Read {
    const now = this.#clock.now()
    const before = this.#read
    if (before && Math.abs(now - before.at) < FRESH_MS) return before
    const index = readRunIndex(this.#state)
    const reports = before && isSame(before.index, index) ? before.reports : new Map<string, WeeklyReport>()
    this.#read = { at: now, index, reports, headlines: null }
    return this.#read
  }
}

interface Read {
  readonly at: number
  readonly index: RunIndex
  readonly reports: Map<string, WeeklyReport>
  headlines: readonly WeeklyHeadline[] | null
}

function reportIn({ index, reports }: Read, week: Week): WeeklyReport {
  const report = reports.get(week.id) ?? weeklyReport(index, week)
  // Bounded by the weeks that have runs: who asks for others fills nothing.
  if (report.totals.runs > 0) reports.set(week.id, report)
  return report
}

function isSame(a: RunIndex, b: RunIndex): boolean {
  const [mine, others] = [a, b].map(({ runs, damaged }) => [...runs, ...damaged])
  return mine?.length === others?.length && mine?.every(({ id }, at) => id === others?.[at]?.id) === true
}
