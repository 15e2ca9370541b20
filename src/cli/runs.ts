import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { flakesOf } from '../history/flakes/of-run.ts'
import { prunedText, readPruned } from '../history/retention/pruned-record.ts'
import { readRunIndex } from '../history/run-index.ts'
import type { RunSummary } from '../history/run-summary.ts'
import { redSince } from '../history/since.ts'
import { UsageError } from '../lib/errors.ts'
import { spawnProgram } from '../lib/process/spawn.ts'
import { formatDuration } from '../lib/text/duration.ts'
import {
  isAbandoned,
  listRuns,
  type RunFolder,
  type RunRecord,
  readRecord,
  runFolder,
} from '../lifecycle/run-folder.ts'
import { stateDir } from '../machine/state-dir.ts'
import { chanceTexts } from '../report/flakes/flake-memory.ts'
import { flakyTierText } from '../report/flakes/flaky.ts'
import { sinceText } from '../report/run/since.ts'
import { layoutFor } from '../report/terminal/screen.ts'
import { type SummaryOptions, summaryText } from '../report/terminal/summary.ts'
import { parseResults, type Results } from '../verdict/results.ts'
import type { StateOption } from './program/options.ts'
import { expandRunId } from './support/run-id.ts'

export interface RunsOptions extends StateOption {
  readonly open?: boolean
  readonly report?: boolean
  readonly json?: boolean
}

/** `cc-ci runs [RUN]`: the list, newest first, or one run's verdict. */
export async function runsCommand(run: string | undefined, options: RunsOptions): Promise<number> {
  const state = stateDir(options.state)
  if (run === undefined && !options.open && !options.report) return list(state, options.json === true)
  const folder = runFolder(state, expandRunId(state, run ?? 'last'))
  if (options.report || options.open) {
    if (!existsSync(folder.report)) throw noReport(folder)
    process.stdout.write(`${folder.report}\n`)
    if (options.open) openInBrowser(folder.report)
    return 0
  }
  const results = readResults(folder.results)
  if (!results)
    throw new UsageError('no-results', `this run has no results: ${folder.results}`, {
      hint: 'It still runs, or was killed; `cc-ci gc` removes what it left.',
    })
  process.stdout.write(
    options.json
      ? `${JSON.stringify(results, null, 2)}\n`
      : summaryText(results, {
          ...layoutFor(process.stdout),
          ...partsOf(folder),
          chance: chanceTexts(flakesOf(state, results)),
          since: sinceOfRun(state, results),
        }),
  )
  return 0
}

function sinceOfRun(state: string, { run, verdict }: Results): string | null {
  const since = verdict === 'pass' ? null : redSince(readRunIndex(state).runs, run.id)
  return since && sinceText(since, run.id)
}

/** The report where there is one, and what was pruned. */
function partsOf(folder: RunFolder): SummaryOptions {
  const record = readPruned(folder.dir)
  return {
    ...(existsSync(folder.report) ? { reportPath: folder.report } : {}),
    ...(record ? { pruned: prunedText(record) } : {}),
  }
}

function noReport(folder: RunFolder): UsageError {
  const pruned = readPruned(folder.dir)?.pruned.find(({ kind }) => kind === 'report')
  if (!pruned) {
    return new UsageError('no-report', `this run has no report: ${folder.report}`, {
      hint: 'It was stopped before it ended; see `cc-ci runs`.',
    })
  }
  return new UsageError(
    'report-pruned',
    `the report of this run was pruned on ${pruned.at.slice(0, 10)} to save disk`,
    {
      kind: 'gone',
      hint: `Its results stay: \`cc-ci runs ${basename(folder.dir)}\` shows them, with --json whole.`,
    },
  )
}

function list(state: string, json: boolean): number {
  const { runs, damaged } = readRunIndex(state)
  const ended = new Map(runs.map((run) => [run.id, run]))
  const unreadable = new Set(damaged.map(({ id }) => id))
  const rows = listRuns(state).map((id) => rowOf(state, id, unreadable.has(id) ? 'damaged' : ended.get(id)))
  if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else if (rows.length === 0) process.stdout.write(`no runs in ${state}\n`)
  else for (const row of rows) process.stdout.write(`${lineOf(row)}\n`)
  return 0
}

function lineOf({
  id,
  recipe,
  startedAt,
  durationMs,
  verdict,
  level,
  cause,
  flaky,
  pruned,
}: ReturnType<typeof rowOf>): string {
  const columns = [
    id,
    (startedAt ?? '').slice(0, 16).replace('T', ' ').padEnd(16),
    (durationMs === null ? '' : formatDuration(durationMs)).padStart(12),
    recipe.padEnd(20),
    verdict.padEnd(10),
    (level === null ? '' : `level ${level}`).padEnd(7),
    [cause, flaky, pruned.length > 0 && '(pruned)'].filter(Boolean).join('  '),
  ]
  return columns.join('  ').trimEnd()
}

/** `ended`: what is known of it, or that its results cannot be read. */
function rowOf(state: string, id: string, ended: RunSummary | 'damaged' | undefined) {
  const folder = runFolder(state, id)
  const run = ended === 'damaged' ? undefined : ended
  const record = readRecord(folder)
  const flaky = (run?.tiers ?? []).flatMap(({ id: tier, flaky: code }) => (code ? [{ tier, code }] : []))
  return {
    id,
    recipe: run?.recipe.name ?? record?.app?.recipe ?? '?',
    /** ISO 8601. */
    startedAt: record?.startedAt ?? null,
    durationMs: run ? Date.parse(run.finishedAt) - Date.parse(run.startedAt) : null,
    verdict: run?.verdict ?? (ended === 'damaged' ? 'damaged' : stateOf(record, folder)),
    level: run?.level ?? null,
    /** What decided a verdict that is no pass, with its tier: `upgrade: rolled-back`. */
    cause: run ? decidedBy(run) : null,
    /** Empty, or what passed on a second attempt only. */
    flaky: flakyTierText(flaky),
    /** Kinds of files that were removed to save disk. */
    pruned: (readPruned(folder.dir)?.pruned ?? []).map(({ kind }) => kind),
  }
}

function decidedBy({ verdict, tiers }: RunSummary): string | null {
  const tier = tiers.find(({ status, cause }) => status === verdict && cause && cause.code !== 'blocked')
  return tier?.cause ? `${tier.id}: ${tier.cause.code}` : null
}

function stateOf(record: RunRecord | null, folder: RunFolder): string {
  if (!record) return 'unreadable'
  if (isAbandoned(record, folder)) return 'abandoned'
  return record.status === 'running' ? 'running' : record.status
}

function readResults(file: string): Results | null {
  return existsSync(file) ? parseResults(JSON.parse(readFileSync(file, 'utf8')), file) : null
}

function openInBrowser(file: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  spawnProgram(opener, [file], { detached: true, stdio: 'ignore' })
    .on('error', () => process.stderr.write(`cc-ci: cannot start ${opener}; open the file by hand\n`))
    .unref()
}
