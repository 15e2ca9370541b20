import { existsSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { readRunIndex } from '../history/run-index.ts'
import type { WeeklyReport } from '../history/weekly/report.ts'
import { lastWholeWeek, parseWeek } from '../history/weekly/week.ts'
import { weeklyReport } from '../history/weekly/weekly.ts'
import { EXIT } from '../lib/errors.ts'
import { writeTextSync } from '../lib/files/atomic-file.ts'
import { runFolder } from '../lifecycle/run-folder.ts'
import { stateDir } from '../machine/state-dir.ts'
import { type RunLink, weeklyHtml } from '../report/weekly/html.ts'
import { weeklyMarkdown } from '../report/weekly/markdown.ts'
import type { StateOption } from './program/options.ts'

/** It is made to be shown. */
const FOR_ALL = { mode: 0o644 }

export interface ReportOptions extends StateOption {
  /** `2026-W48`, a day in it, or true: the last week that is over. */
  readonly week?: string | true
  readonly html?: string
  /** `-`: standard output, which is also where it goes when nothing else is asked for. */
  readonly markdown?: string
  readonly json?: boolean
}

/** `cc-ci report --week`: 0; 3 where nothing ran in that week, because a report of nothing must not look like one of a quiet week. */
export async function reportCommand(options: ReportOptions): Promise<number> {
  const state = stateDir(options.state)
  const week = typeof options.week === 'string' ? parseWeek(options.week) : lastWholeWeek(Date.now())
  const report = weeklyReport(readRunIndex(state), week)
  if (report.totals.runs + report.damaged.length === 0) {
    process.stderr.write(
      `cc-ci: nothing ran in ${week.id} (${report.week.from.slice(0, 10)} and on): no run of ${state} began in it, so there is no report\n`,
    )
    return EXIT.unverified
  }
  write(report, state, options)
  return EXIT.pass
}

function write(report: WeeklyReport, state: string, { html, markdown, json }: ReportOptions): void {
  if (html !== undefined) {
    writeTextSync(resolve(html), weeklyHtml(report, linkFrom(state, dirname(resolve(html)))), FOR_ALL)
    process.stderr.write(`${html}\n`)
  }
  if (markdown !== undefined && markdown !== '-') {
    writeTextSync(resolve(markdown), weeklyMarkdown(report, linkFrom(state, dirname(resolve(markdown)))), FOR_ALL)
    process.stderr.write(`${markdown}\n`)
  }
  const nothingElse = html === undefined && markdown === undefined
  if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  else if (markdown === '-' || nothingElse) process.stdout.write(weeklyMarkdown(report, linkFrom(state, state)))
}

/** From a folder to the report of a run, or to its results where the report is pruned. */
function linkFrom(state: string, from: string): RunLink {
  return (run) => {
    const { report, results } = runFolder(state, run)
    const path = relative(from, resolve(existsSync(report) ? report : results))
    return path.split(sep).map(encodeURIComponent).join('/')
  }
}
