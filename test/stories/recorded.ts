import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readEvents } from '../../src/verdict/event-log.ts'
import type { RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import type { Results } from '../../src/verdict/results.ts'

/** A run of a small recipe on a real engine, as it was recorded: its events, its logs and its pictures. */
export interface RecordedRun {
  readonly name: string
  readonly events: readonly RunEvent[]
  readonly results: Results
  readonly logs: readonly { readonly name: string; readonly text: string }[]
  /** Paths below the run folder. */
  readonly pictures: readonly string[]
  readonly dir: string
}

const HOME = join(import.meta.dirname, 'recorded')

/** All recorded runs, by name. */
export function recordedRuns(): readonly RecordedRun[] {
  return readdirSync(HOME).sort().map(recordedRun)
}

export function recordedRun(name: string): RecordedRun {
  const dir = join(HOME, name)
  const events = readEvents(join(dir, 'events.ndjson'))
  const logs = join(dir, 'logs')
  const names = existsSync(logs) ? globSync('**/*.log', { cwd: logs }).sort() : []
  return {
    name,
    events,
    results: fold(events),
    logs: names.map((file) => ({ name: file, text: readFileSync(join(logs, file), 'utf8') })),
    pictures: globSync('artifacts/**/*.png', { cwd: dir }).sort(),
    dir,
  }
}

export function pictureUri({ dir }: RecordedRun, path: string): string {
  return `data:image/png;base64,${readFileSync(join(dir, path)).toString('base64')}`
}
