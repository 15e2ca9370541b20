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
/** Signs of work older than this decide nothing any more. */
const SIGNS_KEPT_MS = 120_000

/** A stretch of time in epoch ms. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

interface Watched {
  /** When a look found that the processor was used, or lines were written: since the look before, and the lines' own times. */
  readonly signs: { readonly at: number; readonly busy: boolean; readonly lines: readonly number[] }[]
  /** The engine's time of the newest line that was seen. */
  newest: number
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

  /**
   * When the container last showed work of any kind: any line in its log, new or not, or use of the processor. Lines written within
   * `excused` stretches do not count. Null when nobody looked, which is no sign of rest.
   */
  lastSign({ containerId }: TaskState, excused: readonly Stretch[] = []): number | null {
    const watched = containerId === null ? undefined : this.#watched.get(containerId)
    if (!watched) return null
    const counts = (time: number) => !excused.some(({ from, to }) => time >= from && time <= to)
    const seen = watched.signs.filter(({ busy, lines }) => busy || lines.some(counts))
    return seen.at(-1)?.at ?? watched.signs[0]?.at ?? null
  }

  /** Looks at the container, at most every 5 s. */
  async watch({ containerId: id }: TaskState, now: number): Promise<void> {
    if (id === null) return
    const known = this.#watched.get(id)
    if (known && now - known.lookedAt < EVERY_MS) return
    const seen = await this.#measure(id)
    if (seen === null) return
    const watched: Watched = known ?? {
      words: new Set(),
      signs: [],
      newest: 0,
      lookedAt: now,
      cpuMs: seen.cpuMs,
      workedAt: now,
    }
    const fresh = seen.words.filter((line) => !watched.words.has(line))
    if (watched.words.size < WORDS_KEPT) for (const line of fresh) watched.words.add(line)
    const busy = seen.cpuMs - watched.cpuMs > BUSY * (now - watched.lookedAt)
    if (fresh.length > 0 || busy) watched.workedAt = now
    const lines = seen.times.filter((time) => time > watched.newest)
    // The first look has nothing to compare with: until the next one the container counts as at work.
    watched.signs.push({ at: now, busy: busy || !known, lines: known ? lines : [] })
    while ((watched.signs[0]?.at ?? now) < now - SIGNS_KEPT_MS) watched.signs.shift()
    watched.newest = Math.max(watched.newest, ...lines)
    watched.lookedAt = now
    watched.cpuMs = seen.cpuMs
    this.#watched.set(id, watched)
  }

  async #measure(id: string): Promise<Measured | null> {
    try {
      const cpuMs = await this.#engine.cpuMs(id)
      if (cpuMs === null) return null
      const options = { tail: LAST_LINES, maxBytes: 64 * 1024, deadlineMs: 5000, timestamps: true }
      const lines = (await this.#engine.containerLogs(id, options)).split('\n').map(stamped)
      return {
        cpuMs,
        words: lines.map(({ text }) => text.replace(/\d+/g, '#').slice(0, 200)),
        times: lines.flatMap(({ at }) => (Number.isNaN(at) ? [] : [at])),
      }
    } catch (error) {
      // Gone in between, or the engine is: the next look at the stack says which.
      if (error instanceof InfraError) return null
      throw error
    }
  }
}

interface Measured {
  readonly cpuMs: number
  /** The last lines, numbers left out. */
  readonly words: readonly string[]
  /** When the last lines were written, by the engine's clock in epoch ms. */
  readonly times: readonly number[]
}

/** The engine's time before a line: `2026-01-01T00:00:00.000000000Z text`. */
function stamped(line: string): { readonly at: number; readonly text: string } {
  const [, time = '', text = line] = /^(\d{4}-\S+Z) ?(.*)$/s.exec(line) ?? []
  return { at: Date.parse(time), text }
}
