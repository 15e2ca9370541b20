import { StringDecoder } from 'node:string_decoder'
import type { FrameStream } from '../engine/frame-splitter.ts'

const KEPT_BYTES = 256 * 1024
const LONGEST_LINE = 16 * 1024

/** What a program prints: the last 256 KiB of it, and its lines as they come (a longer one than 16 KiB in pieces). */
export class Output {
  readonly #onLine: (line: string) => void
  readonly #streams: Record<FrameStream, { decoder: StringDecoder; rest: string }>
  #buffered: Buffer[] = []
  #size = 0
  /** Bytes of both streams so far. */
  total = 0

  constructor(onLine: (line: string) => void = () => {}) {
    this.#onLine = onLine
    const stream = () => ({ decoder: new StringDecoder('utf8'), rest: '' })
    this.#streams = { stdout: stream(), stderr: stream() }
  }

  push(name: FrameStream, bytes: Buffer): void {
    this.total += bytes.length
    this.#buffer(bytes)
    const stream = this.#streams[name]
    const lines = (stream.rest + stream.decoder.write(bytes)).split('\n')
    stream.rest = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line)
    while (stream.rest.length > LONGEST_LINE) {
      this.#onLine(stream.rest.slice(0, LONGEST_LINE))
      stream.rest = stream.rest.slice(LONGEST_LINE)
    }
  }

  /** Tells lines without an end, and gives the text. */
  end(): string {
    for (const stream of Object.values(this.#streams)) {
      if (stream.rest !== '') this.#onLine(stream.rest)
      stream.rest = ''
    }
    return Buffer.concat(this.#buffered).subarray(-KEPT_BYTES).toString('utf8')
  }

  #buffer(bytes: Buffer): void {
    this.#buffered.push(Buffer.from(bytes))
    this.#size += bytes.length
    while (this.#buffered.length > 1 && this.#size - (this.#buffered[0]?.length ?? 0) >= KEPT_BYTES) {
      this.#size -= this.#buffered.shift()?.length ?? 0
    }
  }
}
