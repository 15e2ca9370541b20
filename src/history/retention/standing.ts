import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { isAbandoned, type RunFolder, readRecord } from '../../lifecycle/run-folder.ts'
import { parseResults } from '../../verdict/results.ts'
import type { OwnedPin } from './pins.ts'

/** Why a run is left alone whatever its age and size, and what a person may do about it. */
export const KEEP_REASONS = {
  running: 'the run is going on',
  kept: 'its app was kept up (--keep); `cc-ci gc RUN` takes it down',
  abandoned: 'it died, and its things may still be on the engine; `cc-ci gc` takes it down',
  waiting: 'a server has it in its queue, or has not heard of its end',
  undelivered: 'the server of this worker does not have it yet',
  pinned: 'something refers to it',
  unreadable: 'what it says of itself cannot be read',
  'no-results': 'it has no whole results.json: its logs are all that tells of it',
} as const

export type KeepReason = keyof typeof KEEP_REASONS

export interface Keep {
  readonly reason: KeepReason
  /** For people. */
  readonly words: string
}

/** A results.json of more bytes was not written by a run. */
const RESULTS_BYTES = 32 * 1024 ** 2

const delivery = z.object({ delivered: z.boolean() })

/** Null: the run is over and nobody refers to it. Its results are not looked at, which takes longer: see `lacksResults`. */
export function standingOf(folder: RunFolder, id: string, pins: readonly OwnedPin[]): Keep | null {
  if (pins.length > 0) return keep('pinned', pins.map(({ owner, reason }) => `${owner}: ${reason}`).join('; '))
  if (!lstatSync(folder.dir).isDirectory()) return keep('unreadable', 'it is no folder')
  return ofRecord(folder, id) ?? ofWorker(folder)
}

function ofRecord(folder: RunFolder, id: string): Keep | null {
  // A server's copy of a run that another machine has run may have no record, and nothing of it is on the engine here.
  if (!exists(join(folder.dir, 'run.json'))) return exists(join(folder.dir, 'outcome.json')) ? null : keep('waiting')
  const record = readRecord(folder)
  if (record?.id !== id) return keep('unreadable', 'run.json is none of this run')
  if (record.status === 'ended') return null
  if (record.status === 'kept') return keep('kept')
  return keep(isAbandoned(record, folder) ? 'abandoned' : 'running')
}

function ofWorker({ dir }: RunFolder): Keep | null {
  const file = join(dir, 'worker.json')
  if (!exists(file)) return null
  try {
    return delivery.parse(JSON.parse(readFileSync(file, 'utf8'))).delivered ? null : keep('undelivered')
  } catch {
    return keep('unreadable', 'worker.json cannot be read')
  }
}

/** Set where the results of a run that is over are not there, not whole, or those of another run. */
export function lacksResults({ results }: RunFolder, id: string): Keep | null {
  try {
    return parseResults(JSON.parse(readBounded(results))).run.id === id ? null : keep('no-results')
  } catch {
    return keep('no-results')
  }
}

function readBounded(file: string): string {
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const facts = fstatSync(descriptor)
    if (!facts.isFile() || facts.size > RESULTS_BYTES) throw new RangeError(`${file} was not written by a run`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

function keep(reason: KeepReason, words: string = KEEP_REASONS[reason]): Keep {
  return { reason, words }
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}
