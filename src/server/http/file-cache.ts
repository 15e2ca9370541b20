import type { Clock } from '../../lib/async/clock.ts'

/** A file as it was when it was looked at. */
export interface FileState {
  readonly size: number
  readonly mtimeMs: number
}

interface Entry<T> extends FileState {
  readonly value: T
  /** Until then a newer state of the file is not looked at. */
  readonly restUntil: number
}

/** What files came to is held up to so many bytes of them. */
const MOST_BYTES = 32 * 1024 ** 2

/** Below it a file is read whenever it has changed: some milliseconds. */
const SMALL_BYTES = 256 * 1024

/** A file of 8 MiB takes about a second and is read again after 20 s at the soonest: at most a twentieth of the server's time for each. */
const REST_MS_PER_BYTE = 20_000 / (8 * 1024 ** 2)

/**
 * What was made of files, by size and time of the last change, so that looking at a page again costs nothing; and of a file that grows all the time
 * no more often than its cost allows: the server has one thread.
 */
export class FileCache<T> {
  readonly #clock: Pick<Clock, 'now'>
  readonly #entries = new Map<string, Entry<T>>()
  #bytes = 0

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** `read` is synchronous, so that two who ask at the same time cost one reading. What it throws is not kept. */
  of(file: string, { size, mtimeMs }: FileState, read: () => T): T {
    const known = this.#entries.get(file)
    if (known && ((known.size === size && known.mtimeMs === mtimeMs) || this.#clock.now() < known.restUntil))
      return known.value
    const value = read()
    this.#forget(file)
    const restMs = size > SMALL_BYTES ? size * REST_MS_PER_BYTE : 0
    this.#entries.set(file, { size, mtimeMs, value, restUntil: this.#clock.now() + restMs })
    this.#bytes += size
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MOST_BYTES || oldest === file) break
      this.#forget(oldest)
    }
    return value
  }

  /** Bytes of the files whose values are held. */
  get bytes(): number {
    return this.#bytes
  }

  #forget(file: string): void {
    this.#bytes -= this.#entries.get(file)?.size ?? 0
    this.#entries.delete(file)
  }
}
