import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Connection } from './connection.ts'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 5000

/**
 * Tells when something of one stack happened. It connects again when the stream breaks; what it misses meanwhile is found by the
 * poll of whoever waits, so it only ever makes a wait shorter. Close it with `using` or `close()`.
 */
export class EventWatch implements Disposable {
  readonly #closing = new AbortController()
  readonly #wakers = new Set<() => void>()
  readonly #outOfMemory = new Map<string, number>()
  /** For the one who waits; others make their own with `listener`. */
  readonly wake = this.listener()

  /** Of each engine that tells something about the stack: of services a manager does, of containers the engine of their node. */
  constructor(connections: readonly Connection[], stack: string) {
    for (const connection of connections) void this.#listen(connection, stack)
  }

  /** A function that resolves at the next event, at once when one came since its last call; it rejects when the signal aborts. One waits with it at a time. */
  listener(): (signal: AbortSignal) => Promise<void> {
    let happened = false
    let wake: () => void = () => undefined
    this.#wakers.add(() => {
      happened = true
      wake()
    })
    return async (signal) => {
      signal.throwIfAborted()
      if (!happened) {
        await new Promise<void>((resolve, reject) => {
          wake = resolve
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      }
      happened = false
    }
  }

  /** Containers of which the kernel killed a process for memory, whether or not they ended by that; by id, with when that was heard last (epoch ms). */
  get outOfMemory(): ReadonlyMap<string, number> {
    return this.#outOfMemory
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
      const ours = lines.filter((line) => concerns(line, stack))
      for (const id of ours.flatMap(killedForMemory)) this.#outOfMemory.set(id, Date.now())
      if (ours.length > 0) {
        for (const wake of this.#wakers) wake()
      }
    }
  }
}

const outOfMemory = z.object({ Action: z.literal('oom'), Actor: z.object({ ID: z.string() }) })

/** The container of such an event. */
function killedForMemory(line: string): string[] {
  if (!line.includes('"oom"')) return []
  try {
    const { data } = outOfMemory.safeParse(JSON.parse(line))
    return data ? [data.Actor.ID] : []
  } catch {
    // Half a line, after one that was too long.
    return []
  }
}

/** Health probes run as execs and would wake us for nothing. */
function concerns(line: string, stack: string): boolean {
  const ours = line.includes(`"com.docker.stack.namespace":"${stack}"`) || line.includes(`"name":"${stack}_`)
  return ours && !line.includes('"Action":"exec_')
}
