import type { Engine } from '../../engine/client.ts'
import type { Clock } from '../../lib/async/clock.ts'
import { type Blindness, ObservationGaps } from '../../lib/async/observation-gaps.ts'
import { diskReserve } from '../../machine/disk-room.ts'
import { type DiskGauge, openGauge } from './gauge.ts'
import { type DiskBounds, type DiskFull, type DiskReading, isShort, judgeDisk, ownBytes } from './judge.ts'
import { awaitShortage } from './shortage.ts'
import { stopWriters } from './stop-writers.ts'
import { type MeasuredRun, measureRun, type Writer } from './written.ts'

export interface DiskGuardOptions {
  readonly run: MeasuredRun
  /** What the app may hold, in bytes. */
  readonly most: number
  readonly clock: Clock
  /** The app is another run's: nothing of it is ended. */
  readonly foreign: boolean
}

/** What is looked ahead at the speed of the last look, in ms: a measurement and the end of what writes take as long. */
const AHEAD_MS = 3_000
/** A measurement is made at the latest when so small a part of what the run may hold has gone from the disk. */
const LEAST_SHARE = 16
/** While the disk is short and somebody else is waited for, and after a measurement that failed. */
const MEASURE_EVERY_MS = 5_000

/**
 * Watches the disk of the engine while an app lives, from before its first deployment to before its removal. The free room is looked at all the time, which costs
 * nothing; what the run holds is measured when so much has gone that it may be beyond its bound, or when the disk is short. What it finds ends what
 * writes first and then every wait: `onFull`.
 */
export class DiskGuard {
  readonly #engine: Engine
  readonly #options: DiskGuardOptions
  readonly #closing = new AbortController()
  readonly #listeners = new Set<(full: DiskFull) => void>()
  readonly #lookout: ObservationGaps
  #gauge: DiskGauge | null = null
  #bounds: DiskBounds | null = null
  #freeAtStart = 0
  #last: { readonly free: number; readonly at: number } | null = null
  #shortSince: number | null = null
  #written: { readonly writers: readonly Writer[] | null; readonly at: number } | null = null
  /** Why what the run holds is not known although it should be; null: it is, or nobody needs to know. */
  #unmeasured: unknown = null
  /** What has gone from the disk since the last measurement, by anybody's doing; room that others make is not taken off. */
  #gone = 0
  #full: DiskFull | null = null
  #looking: Promise<void> | null = null
  #watching: Promise<void> | null = null
  #keepLogs = async () => {}

  constructor(engine: Engine, options: DiskGuardOptions) {
    this.#engine = engine
    this.#options = options
    this.#lookout = new ObservationGaps(options.clock)
  }

  /** What ended the run; null while it may continue. */
  get full(): DiskFull | null {
    return this.#full
  }

  /** How blind it was so far, after another look where it never saw anything; null: not at all. */
  async blindness(): Promise<Blindness | null> {
    if (this.#lookout.blindness?.never) await this.#look()
    return this.#lookout.blindness
  }

  /** `keepLogs`: keeps what programs said that are about to be removed. */
  start(keepLogs: () => Promise<void>): void {
    this.#keepLogs = keepLogs
    this.#watching ??= this.#watch()
  }

  /** Called once, as soon as what writes has been ended. Returns the way to stop listening. */
  onFull(listener: (full: DiskFull) => void): () => void {
    this.#listeners.add(listener)
    if (this.#full) listener(this.#full)
    return () => this.#listeners.delete(listener)
  }

  /** Looks now, for whoever met a fault that a full disk would explain. Null also where it is unknown. */
  async found(): Promise<DiskFull | null> {
    await this.#look()
    return this.#full
  }

  /** Ends watching; nothing is left of it on the engine. Safe to call twice. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
    await this.#looking
    await this.#gauge?.close().catch(() => undefined)
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted && !this.#full) {
      await this.#look()
      await this.#options.clock.sleep(this.#gauge?.everyMs ?? 2_000, signal).catch(() => undefined)
    }
  }

  /** One at a time; it never rejects. */
  #look(): Promise<void> {
    if (this.#full || this.#closing.signal.aborted) return this.#looking ?? Promise.resolve()
    this.#looking ??= this.#lookout
      .keep(() => this.#lookNow())
      .finally(() => {
        this.#looking = null
      })
    return this.#looking
  }

  async #lookNow(): Promise<boolean> {
    const { run, most, clock } = this.#options
    this.#gauge ??= await openGauge(this.#engine, run)
    const { free, size } = await this.#gauge.room()
    const at = clock.now()
    this.#bounds ??= { most, reserve: diskReserve(size) }
    const last = this.#last ?? { free, at }
    if (!this.#last) this.#freeAtStart = free
    this.#last = { free, at }
    const drop = Math.max(0, last.free - free)
    this.#gone += drop
    const ahead = free - (at > last.at ? (drop / (at - last.at)) * AHEAD_MS : 0)
    const short = isShort({ free, ahead }, this.#bounds)
    this.#shortSince = short ? (this.#shortSince ?? at) : null
    if (this.#mustMeasure(short, at)) await this.#judge(free, ahead, this.#bounds)
    if (this.#closing.signal.aborted || this.#full) return true
    if (this.#unmeasured) throw this.#unmeasured
    return true
  }

  async #judge(free: number, ahead: number, bounds: DiskBounds): Promise<void> {
    const { clock } = this.#options
    await this.#measure()
    if (this.#closing.signal.aborted) return
    const now = (await this.#gauge?.room())?.free ?? free
    const seen: DiskReading = {
      ...{
        free: now,
        ahead: Math.min(ahead, now),
        freeAtStart: this.#freeAtStart,
        written: this.#written?.writers ?? null,
      },
      shortMs: this.#shortSince === null ? 0 : clock.now() - this.#shortSince,
    }
    const full = judgeDisk(seen, bounds)
    if (full) await this.#end(full)
  }

  #mustMeasure(short: boolean, at: number): boolean {
    const { most } = this.#options
    const measured = this.#written
    if (measured?.writers === null && !short) return at - measured.at >= MEASURE_EVERY_MS
    const held = ownBytes(this.#written?.writers ?? [])
    if (this.#gone >= Math.max(most - held, most / LEAST_SHARE)) return true
    return short && (this.#written === null || at - this.#written.at >= MEASURE_EVERY_MS || this.#gone > 0)
  }

  async #measure(): Promise<void> {
    this.#gone = 0
    const { run, clock } = this.#options
    this.#unmeasured = null
    const ended = new AbortController()
    const signal = AbortSignal.any([this.#closing.signal, ended.signal])
    const measured = measureRun(this.#engine, { ...run, folder: this.#gauge?.folder ?? null }, signal).catch(
      (error: unknown) => {
        // The short disk is the reported reason.
        if (!ended.signal.aborted) this.#unmeasured = error
        return null
      },
    )
    const short = this.#gauge && this.#bounds && awaitShortage(this.#gauge, this.#bounds, { clock, signal })
    const found = await Promise.race([measured, ...(short ? [short] : [])])
    ended.abort()
    if (found !== null && 'since' in found) this.#shortSince ??= found.since
    this.#written = { writers: found !== null && 'since' in found ? null : found, at: clock.now() }
  }

  /** Told first: what now ends does so because of this, whoever sees it. */
  async #end(full: DiskFull): Promise<void> {
    this.#full = full
    for (const listener of this.#listeners) listener(full)
    const { run, foreign } = this.#options
    if (!foreign) await stopWriters(this.#engine, run, this.#written?.writers ?? null, this.#keepLogs)
  }
}
