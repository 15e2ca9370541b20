import { readFileSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { prunedText, readPruned } from '../../history/retention/pruned-record.ts'
import { systemClock } from '../../lib/async/clock.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import { isRunId } from '../../lib/ids.ts'
import { type RunFolder, runFolder } from '../../lifecycle/run-folder.ts'
import { readEvents } from '../../verdict/event-log.ts'
import type { RunEvent } from '../../verdict/events.ts'
import { fold } from '../../verdict/fold.ts'
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
  /** Folded from the events of an active run. */
  readonly sofar: boolean
  /** Tiers of an active run that are over; of the others nothing is known yet. */
  readonly over: ReadonlySet<string>
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
    if (!found) return { results: null, ...NOT_SO_FAR, sofar: isActive, problem: null, files }
    if (found.size > MOST_BYTES)
      throw new InfraError('file-too-large', `it has ${found.size} bytes; ${MOST_BYTES} are read`)
    return { ...CACHE.of(file, found, () => (isActive ? soFar(file) : atEnd(file))), problem: null, files }
  } catch (error) {
    // A run that has only begun has no first event yet.
    if (isActive) return { results: null, ...NOT_SO_FAR, sofar: true, problem: null, files }
    return { results: null, ...NOT_SO_FAR, problem: `The results cannot be shown: ${messageOf(error)}`, files }
  }
}

type Read = Pick<RunFolderView, 'results' | 'sofar' | 'over'>

/** Of this process: what a file came to does not depend on who asks. */
const CACHE = new FileCache<Read>(systemClock)

function soFar(file: string): Read {
  const events = readEvents(file)
  return { results: fold(events), sofar: true, over: overIn(events) }
}

function atEnd(file: string): Read {
  return { results: parseResults(JSON.parse(readFileSync(file, 'utf8')), file), ...NOT_SO_FAR }
}

const NOT_SO_FAR = { sofar: false, over: new Set<string>() }

/** In the attempt that continues. */
function overIn(events: readonly RunEvent[]): ReadonlySet<string> {
  const over = new Set<string>()
  for (const event of events) {
    if (event.type === 'attempt.started') over.clear()
    if (event.type === 'tier.ended' || event.type === 'tier.skipped' || event.type === 'tier.blocked')
      over.add(event.tier)
  }
  return over
}

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
