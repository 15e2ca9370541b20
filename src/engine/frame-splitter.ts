const HEADER = 8

export type FrameStream = 'stdout' | 'stderr'

/**
 * Takes the engine's framed output apart as it comes: each frame is an 8-byte header (stream, 3 zeros, big-endian length) and its bytes.
 * Output of a container with a terminal is not framed and counts as stdout.
 */
export class FrameSplitter {
  readonly #onBytes: (stream: FrameStream, bytes: Buffer) => void
  #rest: Buffer = Buffer.alloc(0)
  #raw: boolean | undefined
  #left = 0
  #into: FrameStream = 'stdout'

  constructor(onBytes: (stream: FrameStream, bytes: Buffer) => void) {
    this.#onBytes = onBytes
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    this.#raw ??= this.#rest.length >= 4 ? !looksFramed(this.#rest) : undefined
    if (this.#raw) this.#onBytes('stdout', this.#take(this.#rest.length))
    while (this.#rest.length > 0 && (this.#left > 0 || this.#header())) {
      const bytes = this.#take(Math.min(this.#left, this.#rest.length))
      this.#left -= bytes.length
      this.#onBytes(this.#into, bytes)
    }
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
}

function looksFramed(bytes: Buffer): boolean {
  return bytes.readUInt8(0) <= 2 && bytes.readUInt8(1) === 0 && bytes.readUInt8(2) === 0 && bytes.readUInt8(3) === 0
}
