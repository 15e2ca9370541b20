const HEADER = 8

/**
 * Takes the engine's framed output apart: each frame is an 8-byte header (stream, 3 zeros, big-endian length) and its bytes.
 * Output of a container with a terminal is not framed and counts as stdout. Keeps the first `maxBytes` of each stream.
 */
export class FrameReader {
  readonly #kept = { stdout: [] as Buffer[], stderr: [] as Buffer[], all: [] as Buffer[] }
  readonly #sizes = { stdout: 0, stderr: 0 }
  readonly #maxBytes: number
  #rest: Buffer = Buffer.alloc(0)
  #raw: boolean | undefined
  #left = 0
  #into: 'stdout' | 'stderr' = 'stdout'
  truncated = false

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#raw ??= this.#rest.length >= 4 ? !looksFramed(this.#rest) : undefined
    if (this.#raw) this.#keep('stdout', this.#take(this.#rest.length))
    while (this.#rest.length > 0 && (this.#left > 0 || this.#header())) {
      const bytes = this.#take(Math.min(this.#left, this.#rest.length))
      this.#left -= bytes.length
      this.#keep(this.#into, bytes)
    }
  }

  /** `all`: both streams in the order they came. */
  text(stream: 'stdout' | 'stderr' | 'all'): string {
    return Buffer.concat(this.#kept[stream]).toString('utf8')
  }

  #header(): boolean {
    if (this.#rest.length < HEADER) return false
    const header = this.#take(HEADER)
    this.#into = header[0] === 2 ? 'stderr' : 'stdout'
    this.#left = header.readUInt32BE(4)
    return true
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }

  #keep(stream: 'stdout' | 'stderr', bytes: Buffer): void {
    const room = this.#maxBytes - this.#sizes[stream]
    if (bytes.length > room) this.truncated = true
    const part = bytes.subarray(0, Math.max(0, room))
    this.#sizes[stream] += part.length
    if (part.length === 0) return
    this.#kept[stream].push(part)
    this.#kept.all.push(part)
  }
}

function looksFramed(bytes: Buffer): boolean {
  return bytes.readUInt8(0) <= 2 && bytes.readUInt8(1) === 0 && bytes.readUInt8(2) === 0 && bytes.readUInt8(3) === 0
}
