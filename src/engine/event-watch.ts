import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000

/**
 * Tells when something of one stack happened. It connects again when the stream breaks; what it misses meanwhile is found by the
 * poll of whoever waits, so it only ever makes a wait shorter. Close it with `using` or `close()`.
 */
export class EventWatch implements Disposable {
  readonly #closing = new AbortController()
  #happened = false
  #wake: () => void = () => undefined

  constructor(connection: Connection, stack: string) {
    void this.#listen(connection, stack)
  }

  /** Resolves at the next event, at once when one came since the last call; rejects when the signal aborts. */
  readonly nudge = async (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted()
    if (!this.#happened) {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      })
    }
    this.#happened = false
  }

  close(): void {
    this.#closing.abort()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #listen(connection: Connection, stack: string): Promise<void> {
    const { signal } = this.#closing
    let pause = FIRST_PAUSE_MS
    while (!signal.aborted) {
      try {
        await this.#follow(connection, stack, signal, () => {
          pause = FIRST_PAUSE_MS
        })
      } catch {
        // The poll of the waiting side reports a lost engine; here it only means to listen again.
      }
      await delay(pause, undefined, { signal }).catch(() => undefined)
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS)
    }
  }

  async #follow(connection: Connection, stack: string, signal: AbortSignal, heard: () => void): Promise<void> {
    const filters = { type: ['service', 'container'] }
    const stream = await connection.stream('GET', '/events', { filters, signal })
    stream.setEncoding('utf8')
    let rest = ''
    for await (const chunk of stream as AsyncIterable<string>) {
      heard()
      const lines = (rest + chunk).split('\n')
      rest = (lines.pop() ?? '').slice(-100_000)
      if (lines.some((line) => concerns(line, stack))) {
        this.#happened = true
        this.#wake()
      }
    }
  }
}

/** Health probes run as execs and would wake us for nothing. */
function concerns(line: string, stack: string): boolean {
  const ours = line.includes(`"com.docker.stack.namespace":"${stack}"`) || line.includes(`"name":"${stack}_`)
  return ours && !line.includes('"Action":"exec_')
}
