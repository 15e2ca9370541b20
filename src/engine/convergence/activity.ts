import { InfraError } from '../../lib/errors.ts'
import type { Engine } from '../client.ts'
import type { TaskState } from '../types.ts'

/** A program that for so long said nothing new and used no processor time is not on its way. */
export const QUIET_MS = 30_000
const EVERY_MS = 5_000
/** Share of one processor. An idle server and its health probes stay below; a starting one on a crowded machine does not. */
const BUSY = 0.05
const LAST_LINES = 20
const WORDS_KEPT = 5_000

interface Watched {
  readonly words: Set<string>
  lookedAt: number
  cpuMs: number
  workedAt: number
}

/**
 * Tells whether a program that is not up yet gets on: it writes a line that it has not written before (numbers do not count, or "attempt 17"
 * would be progress), or it uses the processor. What cannot be measured (another node's container) stays unknown.
 */
export class Activity {
  readonly #engine: Pick<Engine, 'cpuMs' | 'containerLogs'>
  readonly #watched = new Map<string, Watched>()

  constructor(engine: Pick<Engine, 'cpuMs' | 'containerLogs'>) {
    this.#engine = engine
  }

  /** How long the task's container has been quiet, as far as known. */
  quietMs({ containerId }: TaskState, now: number): number | null {
    const watched = containerId === null ? undefined : this.#watched.get(containerId)
    return watched ? now - watched.workedAt : null
  }

  /** Looks at the container, at most every 5 s. */
  async watch({ containerId: id }: TaskState, now: number): Promise<void> {
    if (id === null) return
    const known = this.#watched.get(id)
    if (known && now - known.lookedAt < EVERY_MS) return
    const seen = await this.#measure(id)
    if (seen === null) return
    const watched = known ?? { words: new Set(), lookedAt: now, cpuMs: seen.cpuMs, workedAt: now }
    const fresh = seen.words.filter((line) => !watched.words.has(line))
    if (watched.words.size < WORDS_KEPT) for (const line of fresh) watched.words.add(line)
    const busy = seen.cpuMs - watched.cpuMs > BUSY * (now - watched.lookedAt)
    if (fresh.length > 0 || busy) watched.workedAt = now
    watched.lookedAt = now
    watched.cpuMs = seen.cpuMs
    this.#watched.set(id, watched)
  }

  async #measure(id: string): Promise<{ readonly cpuMs: number; readonly words: readonly string[] } | null> {
    try {
      const cpuMs = await this.#engine.cpuMs(id)
      if (cpuMs === null) return null
      const text = await this.#engine.containerLogs(id, { tail: LAST_LINES, maxBytes: 64 * 1024, deadlineMs: 5000 })
      return { cpuMs, words: text.split('\n').map((line) => line.replace(/\d+/g, '#').slice(0, 200)) }
    } catch (error) {
      // Gone in between, or the engine is: the next look at the stack says which.
      if (error instanceof InfraError) return null
      throw error
    }
  }
}
