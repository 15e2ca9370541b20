import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../lib/errors.ts'
import { listRuns, runFolder } from '../lifecycle/run-folder.ts'
import { parseResults } from '../verdict/results.ts'
import { type RunSummary, summaryOf } from './run-summary.ts'

/** Raise it when a summary says something else: the index is made again from the run folders. */
const FORMAT = 5
/** So many lines of runs that are gone are worth a new file. */
const DEAD_LINES = 100

interface Line {
  readonly format: number
  readonly run: RunSummary
}

export interface RunIndex {
  /** Newest first. */
  readonly runs: readonly RunSummary[]
  /** Results that cannot be read, each with why. */
  readonly damaged: readonly { readonly id: string; readonly why: string }[]
}

/**
 * What is known of all ended runs in a state folder. Their results are read once: `<state>/runs-index.ndjson` keeps the summary of each, a line a
 * run. It is a cache: a line that is missing or damaged is made again from the run's folder, a run whose folder is gone is left out, and
 * without the file everything is read again. Writers only append whole lines, so that several may write at once.
 */
export function readRunIndex(state: string): RunIndex {
  const file = join(state, 'runs-index.ndjson')
  const { known, stale } = readLines(file)
  const ids = listRuns(state)
  const there = new Set(ids)
  const damaged: { id: string; why: string }[] = []
  const fresh: RunSummary[] = []
  for (const id of ids.filter((one) => !known.has(one))) {
    const read = readResults(state, id)
    if (read === null) continue
    if ('why' in read) damaged.push({ id, ...read })
    else fresh.push(read)
  }
  for (const run of fresh) known.set(run.id, run)
  const gone = [...known.keys()].filter((id) => !there.has(id))
  for (const id of gone) known.delete(id)
  store(file, { all: [...known.values()], fresh, anew: stale || gone.length > DEAD_LINES })
  return { runs: [...known.values()].sort((a, b) => (a.id < b.id ? 1 : -1)), damaged }
}

/** `stale`: some line is of no use any more. */
function readLines(file: string): { known: Map<string, RunSummary>; stale: boolean } {
  const known = new Map<string, RunSummary>()
  let stale = false
  for (const line of parseLines(textOf(file).split('\n').filter(Boolean))) {
    if (line?.format === FORMAT) known.set(line.run.id, line.run)
    else stale = true
  }
  return { known, stale }
}

/** Nobody but this module writes them: what parses and has its format is whole. All at once, which is several times faster, unless a line is torn. */
function parseLines(lines: readonly string[]): (Line | null)[] {
  try {
    return JSON.parse(`[${lines.join(',')}]`) as (Line | null)[]
  } catch {
    return lines.map((line) => {
      try {
        return JSON.parse(line) as Line
      } catch {
        return null
      }
    })
  }
}

/** Null where the run has no results yet, or never will. */
function readResults(state: string, id: string): RunSummary | { readonly why: string } | null {
  const { results } = runFolder(state, id)
  const text = textOf(results)
  if (text === '') return null
  try {
    return summaryOf(parseResults(JSON.parse(text), results))
  } catch (error) {
    return { why: messageOf(error) }
  }
}

interface Stored {
  readonly all: readonly RunSummary[]
  readonly fresh: readonly RunSummary[]
  readonly anew: boolean
}

/** A folder that cannot be written only costs the next reader its time. */
function store(file: string, { all, fresh, anew }: Stored): void {
  try {
    if (anew) {
      writeFileSync(`${file}.${process.pid}`, linesOf(all), { mode: 0o600 })
      renameSync(`${file}.${process.pid}`, file)
    } else if (fresh.length > 0) {
      mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
      appendFileSync(file, linesOf(fresh), { mode: 0o600 })
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

function linesOf(runs: readonly RunSummary[]): string {
  return runs.map((run) => `${JSON.stringify({ format: FORMAT, run })}\n`).join('')
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
