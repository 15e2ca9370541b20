import { InfraError } from '../../lib/errors.ts'
import type { Engine } from '../client.ts'
import type { TaskState } from '../types.ts'

/** A program that for so long said nothing new and used no processor time is not on its way. For one that is up and answers: `timeouts.quiet`. */
export const START_QUIET_MS = 30_000
const EVERY_MS = 5_000
/** Share of one processor. An idle server and its health probes stay below; a starting one on a crowded machine does not. */
const BUSY = 0.05
const LAST_LINES = 20
/** A server writes the line of a request a moment after its answer. */
const PROBE_LINES_MS = 500
const WORDS_KEPT = 5_000
/** Signs of work older than this decide nothing any more. */
const SIGNS_KEPT_MS = 120_000

/** A stretch of time in epoch ms. */
export interface TimeSpan {
  readonly from: number
  readonly to: number
}

/** What one look found since the look before. */
interface Sign {
  readonly from: number
  readonly at: number
  /** Processor time that was used, but for what health probes may have used of it. */
  readonly cpuMs: number
  /** When lines were written, by the engine's clock, but for those of health probes. */
  readonly lines: readonly number[]
}

interface Watched {
  readonly signs: Sign[]
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
  readonly #engine: Pick<Engine, 'cpuMs' | 'container' | 'containerLogs'>
  readonly #watched = new Map<string, Watched>()

  constructor(engine: Pick<Engine, 'cpuMs' | 'container' | 'containerLogs'>) {
    this.#engine = engine
  }

  /** How long the task's container has been quiet, as far as known. */
  quietMs({ containerId }: TaskState, now: number): number | null {
    const watched = containerId === null ? undefined : this.#watched.get(containerId)
    return watched ? now - watched.workedAt : null
  }

  /**
   * When the container last showed work of any kind: any line in its log, new or not, or use of the processor. What happened within `excused`
   * stretches does not count. Null when nobody looked, which is no sign of rest.
   */
  lastSign({ containerId }: TaskState, excused: readonly TimeSpan[] = []): number | null {
    const watched = containerId === null ? undefined : this.#watched.get(containerId)
    if (!watched) return null
    const shows = ({ from, at, cpuMs, lines }: Sign) =>
      isBusy(cpuMs - overlapMs({ from, to: at }, excused), at - from) || lines.some((time) => !isWithin(time, excused))
    // The first look has nothing to compare with: until the next one the container counts as at work.
    return watched.signs.findLast(shows)?.at ?? watched.signs[0]?.at ?? null
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
    const used = seen.cpuMs - watched.cpuMs
    if (fresh.length > 0 || isBusy(used, now - watched.lookedAt)) watched.workedAt = now
    const lines = seen.times.filter((time) => time > watched.newest)
    watched.signs.push({
      from: watched.lookedAt,
      at: now,
      cpuMs: used - overlapMs({ from: watched.lookedAt, to: now }, seen.probes),
      lines: known ? lines.filter((time) => !isWithin(time, causedBy(seen.probes))) : [],
    })
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
      const options = { tail: LAST_LINES, maxBytes: 64 * 1024, timeoutMs: 5000, timestamps: true }
      const lines = (await this.#engine.containerLogs(id, options)).split('\n').map(stamped)
      return {
        cpuMs,
        words: lines.map(({ text }) => text.replace(/\d+/g, '#').slice(0, 200)),
        times: lines.flatMap(({ at }) => (Number.isNaN(at) ? [] : [at])),
        probes: (await this.#engine.container(id))?.health?.probes ?? [],
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
  /** The last health probes. */
  readonly probes: readonly TimeSpan[]
}

function isBusy(cpuMs: number, ms: number): boolean {
  return cpuMs > BUSY * ms
}

function isWithin(time: number, stretches: readonly TimeSpan[]): boolean {
  return stretches.some(({ from, to }) => time >= from && time <= to)
}

/** How much of a stretch these cover, at most. */
function overlapMs(stretch: TimeSpan, others: readonly TimeSpan[]): number {
  const covered = others.map(({ from, to }) => Math.min(to, stretch.to) - Math.max(from, stretch.from))
  return covered.filter((ms) => ms > 0).reduce((sum, ms) => sum + ms, 0)
}

/**
 * When lines may have been written because of a probe, as servers do for each request. Of probes that follow one another so closely that
 * this would be half the time, nothing can be said: their lines count.
 */
function causedBy(probes: readonly TimeSpan[]): readonly TimeSpan[] {
  const stretches = probes.map(({ from, to }) => ({ from, to: to + PROBE_LINES_MS }))
  const whole = { from: stretches.at(0)?.from ?? 0, to: stretches.at(-1)?.to ?? 0 }
  return overlapMs(whole, stretches) < (whole.to - whole.from) / 2 ? stretches : []
}

/** The engine's time before a line: `2026-01-01T00:00:00.000000000Z text`. */
function stamped(line: string): { readonly at: number; readonly text: string } {
  const [, time = '', text = line] = /^(\d{4}-\S+Z) ?(.*)$/s.exec(line) ?? []
  return { at: Date.parse(time), text }
}
