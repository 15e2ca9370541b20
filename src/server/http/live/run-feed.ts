import { type FSWatcher, watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import type { FileLink } from '../../../report/html/tier.ts'
import { eventProblem } from '../../../verdict/event-shape.ts'
import type { RunEvent } from '../../../verdict/events.ts'
import { fold } from '../../../verdict/fold.ts'
import { progressOf } from '../../../verdict/progress.ts'
import { type LiveParts, liveParts } from './parts.ts'

/** A change of a page: the element of this id has this markup as of event `seq`. */
export interface Change {
  readonly seq: number
  readonly id: keyof LiveParts
  readonly html: string
}

/** More of one file is not followed: such a run's page is drawn when it is loaded. */
const MOST_BYTES = 8 * 1024 ** 2
/** Where the file system does not say that a file has grown (a network share) it is looked at this often. */
const LOOK_MS = 1_000

/**
 * What changes on the page of a run while it runs: its events are read as they are appended to its file, and each part of the page is drawn again. One for
 * all who look at one run; it reads from when the first one looks until the last one leaves.
 */
export class RunFeed {
  readonly #file: string
  readonly #link: FileLink
  readonly #listeners = new Set<(change: Change) => void>()
  readonly #events: RunEvent[] = []
  readonly #parts = new Map<keyof LiveParts, Change>()
  #rest = ''
  #offset = 0
  #watcher: FSWatcher | null = null
  #timer: NodeJS.Timeout | null = null
  #reading: Promise<void> | null = null
  #again = false

  /** `file`: its `events.ndjson`, which need not be there yet. */
  constructor(file: string, link: FileLink) {
    this.#file = file
    this.#link = link
  }

  /** Calls `listener` with every part that is newer than event `after`, now and from now on; the answer ends that. */
  async follow(after: number, listener: (change: Change) => void): Promise<() => void> {
    if (this.#listeners.size === 0) this.#start()
    await this.#read()
    for (const change of this.#parts.values()) if (change.seq > after) listener(change)
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  get isFollowed(): boolean {
    return this.#listeners.size > 0
  }

  #start(): void {
    const name = basename(this.#file)
    try {
      this.#watcher = watch(dirname(this.#file), (_, changed) => {
        if (changed === null || changed === name) void this.#read()
      })
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // No folder yet, or no watch to be had: the timer finds what is appended.
    }
    this.#timer = setInterval(() => void this.#read(), LOOK_MS)
    this.#timer.unref()
  }

  #stop(): void {
    this.#watcher?.close()
    if (this.#timer) clearInterval(this.#timer)
    this.#watcher = null
    this.#timer = null
  }

  /** One reading at a time; what is appended meanwhile is read right after it. */
  async #read(): Promise<void> {
    this.#again = true
    this.#reading ??= (async () => {
      while (this.#again) {
        this.#again = false
        if (await this.#readAppended()) this.#draw()
      }
    })().finally(() => {
      this.#reading = null
    })
    await this.#reading
  }

  /** True when there is a new event. A file that cannot be read, or a line that is no event, changes nothing. */
  async #readAppended(): Promise<boolean> {
    let file: FileHandle | undefined
    try {
      file = await open(this.#file, 'r')
      const { size } = await file.stat()
      if (size <= this.#offset || size > MOST_BYTES) return false
      const buffer = Buffer.alloc(size - this.#offset)
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset)
      // Cut at a line's end: a character may be half there.
      const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1
      this.#offset += end
      return this.#take(buffer.toString('utf8', 0, end))
    } catch {
      return false
    } finally {
      await file?.close()
    }
  }

  #take(text: string): boolean {
    const lines = `${this.#rest}${text}`.split('\n')
    this.#rest = lines.pop() ?? ''
    const before = this.#events.length
    for (const line of lines) {
      try {
        const event: unknown = JSON.parse(line)
        if (eventProblem(event) === null) this.#events.push(event as RunEvent)
      } catch {
        // A torn line is none of an event.
      }
    }
    return this.#events.length > before
  }

  #draw(): void {
    const seq = this.#events.at(-1)?.seq ?? 0
    if (!this.#events.some(({ type }) => type === 'run.started')) return
    const drawn = liveParts(fold(this.#events), progressOf(this.#events), this.#link)
    for (const [id, { text }] of Object.entries(drawn) as [keyof LiveParts, { text: string }][]) {
      if (this.#parts.get(id)?.html === text) continue
      const change = { seq, id, html: text }
      this.#parts.set(id, change)
      for (const listener of this.#listeners) listener(change)
    }
  }
}
