import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent } from '../verdict/events.ts'

const CHUNK = 256 * 1024

/** Reads what a run of another process writes to its `events.ndjson`, as it comes. */
export class EventTail {
  readonly #runs: string
  readonly #known: ReadonlySet<string>
  #file: string | null = null
  #offset = 0
  #rest = Buffer.alloc(0)

  /** Follows the first run that appears in the state folder from now on. */
  constructor(state: string) {
    this.#runs = join(state, 'runs')
    this.#known = new Set(list(this.#runs))
  }

  /** The folder of the run; null while there is none. */
  get folder(): string | null {
    const id = list(this.#runs).find((name) => !this.#known.has(name))
    return id === undefined ? null : join(this.#runs, id)
  }

  /** The whole lines that have come since the last call. */
  next(): RunEvent[] {
    this.#file ??= this.folder && join(this.folder, 'events.ndjson')
    if (!this.#file || !existsSync(this.#file)) return []
    const text = Buffer.concat([this.#rest, this.#read(this.#file)])
    const end = text.lastIndexOf(10) + 1
    this.#rest = text.subarray(end)
    const lines = text.subarray(0, end).toString().split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RunEvent)
  }

  #read(file: string): Buffer {
    const descriptor = openSync(file, 'r')
    try {
      const parts: Buffer[] = []
      for (;;) {
        const chunk = Buffer.alloc(CHUNK)
        const size = readSync(descriptor, chunk, 0, CHUNK, this.#offset)
        if (size === 0) return Buffer.concat(parts)
        this.#offset += size
        parts.push(chunk.subarray(0, size))
      }
    } finally {
      closeSync(descriptor)
    }
  }
}

function list(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : []
}
