import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { prunedText, readPruned } from '../../history/retention/pruned-record.ts'
import { systemClock } from '../../lib/async/clock.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import { isRunId } from '../../lib/ids.ts'
import { type RunFolder, runFolder } from '../../lifecycle/run-folder.ts'
import { readEvents } from '../../verdict/event-log.ts'
import { fold } from '../../verdict/fold.ts'
import { type Progress, progressOf } from '../../verdict/progress.ts'
import { parseResults, type Results } from '../../verdict/results.ts'
import { UPLOADED } from '../contract/protocol.ts'
import { runRequest } from '../contract/request.ts'
import type { RunRow } from '../contract/store.ts'
import { readDocument } from '../storage/files/documents.ts'
import { FileCache } from './file-cache.ts'

const MOST_BYTES = 8 * 1024 ** 2
const MOST_FILES = 200

/** What a run's folder holds for people. A folder may come from another machine: damaged or huge files are said, never thrown. */
export interface RunFolderView {
  readonly results: Results | null
  /** Where an active run is, whose results are folded from its events so far; null: it has ended, or nothing is known of it. */
  readonly progress: Progress | null
  /** Number of the last event that this is made of; 0: none. */
  readonly seq: number
  readonly problem: string | null
  readonly files: readonly string[]
  /** What was there and is pruned, in words; null: nothing. */
  readonly pruned: string | null
}

export async function readRunFolder(state: string, row: RunRow): Promise<RunFolderView> {
  const folder = runFolder(state, row.folder)
  return { ...(await readFound(folder, row)), pruned: prunedOf(folder.dir) }
}

/** A run that had to be begun again has a folder for each time, and one page: that of the first. Null: this is no later one. */
export async function firstAttemptOf(state: string, id: string): Promise<string | null> {
  if (!isRunId(id)) return null
  const request = await readDocument(join(runFolder(state, id).dir, 'request.json'), runRequest, () => {})
  return request?.attemptOf ?? null
}

/** The newest one that a run has stands for it. */
const PICTURES = ['artifacts/upgrade.png', 'artifacts/install.png']

/** Path of the picture of the app that stands for a run; null: there is none. */
export async function pictureOf(state: string, folder: string): Promise<string | null> {
  const { dir } = runFolder(state, folder)
  for (const path of PICTURES) if ((await stat(join(dir, path)).catch(() => null))?.isFile()) return path
  return null
}

function prunedOf(dir: string): string | null {
  try {
    const record = readPruned(dir)
    return record && prunedText(record)
  } catch (error) {
    return messageOf(error)
  }
}

async function readFound(folder: RunFolder, row: RunRow): Promise<Omit<RunFolderView, 'pruned'>> {
  const files = await filesOf(folder.dir)
  const isActive = row.state === 'running'
  const file = isActive ? folder.events : folder.results
  try {
    const found = await stat(file).catch(() => null)
    if (!found) return { results: null, ...NOTHING_YET, problem: null, files }
    if (found.size > MOST_BYTES)
      throw new InfraError('file-too-large', `it has ${found.size} bytes; ${MOST_BYTES} are read`)
    return { ...CACHE.of(file, found, () => (isActive ? soFar(file) : atEnd(file))), problem: null, files }
  } catch (error) {
    // A run that has only begun has no first event yet.
    if (isActive) return { results: null, ...NOTHING_YET, problem: null, files }
    return { results: null, ...NOTHING_YET, problem: `The results cannot be shown: ${messageOf(error)}`, files }
  }
}

type Read = Pick<RunFolderView, 'results' | 'progress' | 'seq'>

/** Of this process: what a file came to does not depend on who asks. */
const CACHE = new FileCache<Read>(systemClock)

function soFar(file: string): Read {
  const events = readEvents(file)
  return { results: fold(events), progress: progressOf(events), seq: events.at(-1)?.seq ?? 0 }
}

function atEnd(file: string): Read {
  return { ...NOTHING_YET, results: parseResults(JSON.parse(readFileSync(file, 'utf8')), file) }
}

const NOTHING_YET = { progress: null, seq: 0 } as const

async function filesOf(dir: string): Promise<string[]> {
  const tops = ['attribution.json', 'events.ndjson', 'results.json', 'report.html']
  const below = await Promise.all(
    ['logs', 'artifacts'].map(async (name) => {
      const entries = await readdir(join(dir, name), { recursive: true, withFileTypes: true }).catch(() => [])
      return entries.filter((entry) => entry.isFile()).map((entry) => relative(dir, join(entry.parentPath, entry.name)))
    }),
  )
  const there = await Promise.all(
    tops.map(async (name) => ((await stat(join(dir, name)).catch(() => null))?.isFile() ? [name] : [])),
  )
  return [...there.flat(), ...below.flat()].filter((path) => UPLOADED.test(path)).slice(0, MOST_FILES)
}
