import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Clock } from '../lib/async/clock.ts'
import { type CcCiError, InfraError, InternalError, messageOf, UsageError } from '../lib/errors.ts'
import { eventProblem, formatWords } from './event-shape.ts'
import type { EventDraft, EventSink, RunEvent } from './events.ts'

/** A run's stream: written to its file, and handed to every view that listens. */
export interface EventLog extends EventSink {
  /**
   * Called with each event after it was written, masked, in order. A listener that throws is dropped and the stream says so in a
   * `note`: a failing view never changes a run. Returns the way to stop listening.
   */
  subscribe(listener: (event: RunEvent) => void): () => void
  /** What was written so far. */
  all(): readonly RunEvent[]
  close(): void
}

export interface EventLogOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Applied to every string, keys included, except the words of the format itself. */
  readonly mask: (text: string) => string
}

/**
 * Starts the stream of a new run; the file must not exist yet (InternalError `event-log-exists`). Each event is one line,
 * handed to the operating system in one write before `append` returns. `append` throws InternalError `bad-event` for an event
 * that could not be read back, and InfraError `disk-full` after taking back what was written of the line.
 */
export function openEventLog(file: string, options: EventLogOptions): EventLog {
  return new FileEventLog(file, options)
}

/**
 * The events of a run's file. A last line that was cut off by a crash is left out; anything else that is not an event in its
 * place is UsageError `events-damaged` with the line. A file that is not there is UsageError `events-missing`.
 */
export function readEvents(file: string): RunEvent[] {
  const lines = readText(file).split('\n')
  const last = lines.pop() ?? ''
  const events = lines.map((line, index) => parseLine(line, index + 1, file))
  const rest = tryParse(last)
  if (rest !== undefined && eventProblem(rest) === null) events.push(parseLine(last, lines.length + 1, file))
  return events
}

class FileEventLog implements EventLog {
  readonly #file: string
  readonly #options: EventLogOptions
  readonly #words = formatWords()
  readonly #events: RunEvent[] = []
  readonly #listeners = new Set<(event: RunEvent) => void>()
  #descriptor: number | null
  #size = 0

  constructor(file: string, options: EventLogOptions) {
    this.#file = file
    this.#options = options
    this.#descriptor = openNew(file)
  }

  all(): readonly RunEvent[] {
    return this.#events
  }

  append(draft: EventDraft): void {
    const stamped = { seq: this.#events.length + 1, at: new Date(this.#options.clock.now()).toISOString(), ...draft }
    const line = `${JSON.stringify(this.#masked(stamped))}\n`
    const event: unknown = JSON.parse(line)
    const problem = eventProblem(event)
    if (problem) throw new InternalError('bad-event', `a ${draft.type} event cannot be recorded: ${problem}`)
    this.#write(line)
    this.#events.push(event as RunEvent)
    this.#notify(event as RunEvent)
  }

  subscribe(listener: (event: RunEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor)
    this.#descriptor = null
  }

  #write(line: string): void {
    if (this.#descriptor === null) throw new InternalError('event-log-closed', `${this.#file} is closed`)
    const bytes = Buffer.from(line)
    try {
      const written = writeSync(this.#descriptor, bytes)
      if (written !== bytes.length) throw new Error(`${written} of ${bytes.length} bytes were written`)
      this.#size += bytes.length
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#size)
      throw new InfraError('disk-full', `${this.#file} cannot be written: ${messageOf(error)}`, {
        hint: 'Free space, for example with `cc-ci gc`.',
        cause: error,
      })
    }
  }

  #notify(event: RunEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch (error) {
        this.#listeners.delete(listener)
        this.append({ type: 'note', text: `a view of this run failed and was switched off: ${messageOf(error)}` })
      }
    }
  }

  #masked(value: unknown): unknown {
    if (typeof value === 'string') return this.#words.has(value) ? value : this.#options.mask(value)
    if (Array.isArray(value)) return value.map((item) => this.#masked(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.#masked(key), this.#masked(item)]))
  }
}

function openNew(file: string): number {
  try {
    return openSync(file, 'ax', 0o644)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new InternalError('event-log-exists', `${file} exists: a run writes its stream once`, { cause: error })
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError('events-missing', `${file} cannot be read: ${messageOf(error)}`, {
      hint: 'Is this the folder of a run? `cc-ci runs` lists them.',
      cause: error,
    })
  }
}

function parseLine(text: string, line: number, file: string): RunEvent {
  const value = tryParse(text)
  const problem = value === undefined ? 'not JSON' : (eventProblem(value) ?? wrongSeq(value, line))
  if (problem === null) return value as RunEvent
  throw damaged(problem, line, file)
}

function wrongSeq(value: unknown, line: number): string | null {
  const { seq } = value as RunEvent
  return seq === line ? null : `seq is ${seq}, line ${line} must have ${line}`
}

function damaged(problem: string, line: number, file: string): CcCiError {
  return new UsageError('events-damaged', `not an event: ${problem}`, {
    where: { file, line },
    hint: 'The file was changed after the run, or was written by another version of cc-ci.',
  })
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
