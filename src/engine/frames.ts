import { FrameSplitter, type FrameStream } from './frame-splitter.ts'

/** Keeps the first `maxBytes` of each stream of the engine's framed output. */
export class FrameReader {
  readonly #buffered = { stdout: [] as Buffer[], stderr: [] as Buffer[], all: [] as Buffer[] }
  readonly #sizes = { stdout: 0, stderr: 0 }
  readonly #maxBytes: number
  readonly #splitter = new FrameSplitter((stream, bytes) => this.#buffer(stream, bytes))
  truncated = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): void {
    this.#splitter.push(chunk)
  }

  /** `all`: both streams in the order they came. */
  text(stream: FrameStream | 'all'): string {
    return Buffer.concat(this.#buffered[stream]).toString('utf8')
  }

  #buffer(stream: FrameStream, bytes: Buffer): void {
    const room = this.#maxBytes - this.#sizes[stream]
    if (bytes.length > room) this.truncated = true
    const part = bytes.subarray(0, Math.max(0, room))
    this.#sizes[stream] += part.length
    if (part.length === 0) return
    this.#buffered[stream].push(part)
    this.#buffered.all.push(part)
  }
}
