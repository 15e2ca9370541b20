import type { Duplex } from 'node:stream'
import type { ConnectOverCDPTransport } from 'playwright-core'

/** A picture of 16 million pixels, uncompressed, fits; more than any page of an app has to say at once. */
const MOST_BYTES = 96 * 1024 * 1024

/**
 * Chromium's DevTools protocol over its pipe: JSON, each message ended by a zero byte. It is all that this process reads of what a page can
 * influence, so a message is bounded: one that is longer ends the browser.
 */
export class ProtocolPipe implements ConnectOverCDPTransport {
  onmessage?: (message: object) => void
  onclose?: (reason?: string) => void
  readonly #most: number
  #stream: Duplex | null = null
  #ended: string | null = null
  #buffered: Buffer[] = []
  #bytes = 0
  #here = () => {}
  /** Resolves when Chromium's end is there, or will never be. */
  readonly there = new Promise<void>((resolve) => {
    this.#here = resolve
  })

  constructor(mostBytes = MOST_BYTES) {
    this.#most = mostBytes
  }

  /** Why it is over; null while it is not. */
  get ended(): string | null {
    return this.#ended
  }

  /** Chromium's end; false when there is one already. */
  take(stream: Duplex): boolean {
    if (this.#stream || this.#ended !== null) return false
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => this.#heard(chunk))
    stream.on('close', () => this.end('Chromium has ended'))
    this.#here()
    return true
  }

  send(message: object): void {
    if (this.#stream?.writable) this.#stream.write(`${JSON.stringify(message)}\0`)
  }

  close(): void {
    this.end('it was closed')
  }

  end(why: string): void {
    if (this.#ended !== null) return
    this.#ended = why
    this.#buffered = []
    this.#stream?.destroy()
    this.#here()
    setImmediate(() => this.onclose?.(why))
  }

  #heard(chunk: Buffer): void {
    let from = 0
    for (let to = chunk.indexOf(0); to !== -1; to = chunk.indexOf(0, from)) {
      if (!this.#buffer(chunk.subarray(from, to))) return
      from = to + 1
      this.#notify(Buffer.concat(this.#buffered))
      this.#buffered = []
      this.#bytes = 0
    }
    this.#buffer(chunk.subarray(from))
  }

  #buffer(bytes: Buffer): boolean {
    if (this.#ended !== null) return false
    this.#bytes += bytes.length
    if (this.#bytes > this.#most) {
      this.end(`it sent a message of more than ${this.#most} bytes`)
      return false
    }
    if (bytes.length > 0) this.#buffered.push(bytes)
    return true
  }

  /** Each in a turn of its own: what one message sets going has been done before the next is heard. */
  #notify(bytes: Buffer): void {
    const message = objectIn(bytes)
    if (message) setImmediate(() => void (this.#ended === null && this.onmessage?.(message)))
    else this.end('it sent what is no message')
  }
}

function objectIn(bytes: Buffer): object | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' ? value : null
  } catch {
    // Not Chromium's words.
    return null
  }
}
