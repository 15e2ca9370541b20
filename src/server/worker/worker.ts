import type { Logger } from 'pino'
import type { Clock } from '../../lib/clock.ts'
import { messageOf } from '../../lib/errors.ts'
import { retry } from '../../lib/retry.ts'
import { formatSize } from '../../lib/size.ts'
import { type ToolIdentity, toolIdentity } from '../../lib/version.ts'
import type { Assignment, Dispatch } from '../contract/protocol.ts'
import { type Desk, openDesk } from './desk.ts'
import { freeDisk } from './disk.ts'
import { collectGarbage, pruneImages } from './garbage.ts'
import { HeldRun } from './held-run.ts'
import { type KeepLimits, pruneKept } from './kept.ts'
import { LIMITS, type WorkerLimits } from './limits.ts'
import { clearAttributions } from './why-task.ts'

const FIRST_PAUSE_MS = 500
const BACKOFF = { firstMs: FIRST_PAUSE_MS, longestMs: 15_000 }

export interface WorkerOptions {
  readonly dispatch: Dispatch
  /** Run folders of this machine; the server's own where the dispatch shares it. */
  readonly state: string
  /** All that runs may use together, bytes. */
  readonly memoryBytes: number
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  /** Aborted: no new runs; those that go on are ended in peace. */
  readonly signal: AbortSignal
  /** Aborted: runs are stopped, taken down and given back to the queue. */
  readonly giveBack?: AbortSignal
  /** After this time of draining, as `giveBack`. Default: never. */
  readonly drainMs?: number
  readonly limits?: Partial<WorkerLimits>
  /** Free disk in bytes. Default: what the file systems say. */
  readonly freeDisk?: () => Promise<number>
}

/**
 * Takes runs from the server and sees each to its end, several at a time while memory allows. Resolves when it was told to drain and holds
 * nothing any more. Throws what the server refuses before it ever gave an answer, for example the token.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  await using desk = await openDesk(options.state)
  await removeLeftovers(options)
  const worker = new Worker(options, desk, harnessName(await toolIdentity()))
  try {
    await worker.claimUntilDrained()
  } finally {
    await worker.drained()
  }
}

async function removeLeftovers(options: WorkerOptions): Promise<void> {
  const { log } = options
  try {
    const left = await collectGarbage(options)
    if (left !== null) log.warn({ left }, 'something of earlier runs could not be removed')
    await clearAttributions(options, options.clock.now())
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'what earlier runs may have left was not looked for')
  }
}

function harnessName({ version, commit }: ToolIdentity): string {
  return commit === null ? version : `${version}+${commit}`
}

class Worker {
  readonly #options: WorkerOptions
  readonly #desk: Desk
  readonly #harness: string
  readonly #limits: WorkerLimits
  readonly #running = new Map<Assignment, Promise<void>>()
  readonly #giveBack = new AbortController()
  #trouble: string | null = null
  #imagesAt = Number.MIN_SAFE_INTEGER

  constructor(options: WorkerOptions, desk: Desk, harness: string) {
    this.#options = options
    this.#desk = desk
    this.#harness = harness
    this.#limits = { ...LIMITS, ...options.limits }
    if (options.giveBack?.aborted) this.#giveBack.abort()
    options.giveBack?.addEventListener('abort', () => this.#giveBack.abort(), { once: true })
  }

  async claimUntilDrained(): Promise<void> {
    const { signal, log, clock } = this.#options
    let met = false
    await this.#prune(this.#limits.keep)
    const onFailure = (error: unknown, pauseMs: number) => {
      if (!met && isRefusal(error)) throw error
      log.warn({ error: messageOf(error), againInMs: pauseMs }, 'the server gave nothing to do')
      return pauseMs
    }
    try {
      while (!signal.aborted) {
        await retry(() => this.#claimOnce(), { backoff: BACKOFF, clock, signal, onFailure })
        met = true
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** Resolves when the last run has ended. */
  async drained(): Promise<void> {
    const { drainMs, log } = this.#options
    if (this.#running.size > 0) log.info({ runs: this.#running.size }, 'draining')
    const timer = drainMs === undefined ? undefined : setTimeout(() => this.#giveBack.abort(), drainMs)
    await Promise.all(this.#running.values())
    clearTimeout(timer)
    await this.#prune(this.#limits.keep)
  }

  async #claimOnce(): Promise<void> {
    const { dispatch, memoryBytes, signal, clock } = this.#options
    const freeBytes = memoryBytes - [...this.#running.keys()].reduce((sum, { request }) => sum + request.memoryBytes, 0)
    if (freeBytes <= 0) return this.#oneEnds(signal)
    if (await this.#lacksDisk()) return this.#tellTrouble()
    await this.#pruneImages(false)
    const waitMs = this.#running.size > 0 ? this.#limits.busyWaitMs : this.#limits.idleWaitMs
    const since = performance.now()
    const held = await dispatch.claim({ memoryBytes, freeBytes, harness: this.#harness, waitMs }, signal)
    if (held) return this.#begin(held, since)
    const asked = performance.now() - since
    if (asked < FIRST_PAUSE_MS) await clock.sleep(FIRST_PAUSE_MS - asked, signal).catch(() => {})
  }

  #begin(held: Assignment, since: number): void {
    const { dispatch, state, ccCi, clock, log } = this.#options
    log.info({ run: held.request.id, attempt: held.attempt, repository: held.request.repository }, 'claimed')
    const run = new HeldRun(held, {
      ...{ dispatch, state, ccCi, clock, log, since, desk: this.#desk.dir },
      ...{ limits: this.#limits, giveBack: this.#giveBack.signal },
    })
    this.#running.set(
      held,
      run.hold().finally(() => {
        this.#running.delete(held)
        return this.#prune(this.#limits.keep)
      }),
    )
  }

  /** Where the disk is short, what the server has already goes, and all images that runs brought and nobody uses. */
  async #lacksDisk(): Promise<boolean> {
    const { state, log, freeDisk: ask = () => freeDisk(state) } = this.#options
    const { diskBytes, keep } = this.#limits
    let free = await ask()
    if (free < diskBytes) {
      await this.#prune({ ...keep, count: 0 })
      await this.#pruneImages(true)
      free = await ask()
    }
    const before = this.#trouble
    this.#trouble =
      free < diskBytes
        ? `${formatSize(free)} of disk are free, ${formatSize(diskBytes)} are needed: no run is begun`
        : null
    if (before === null && this.#trouble !== null) log.warn(this.#trouble)
    if (before !== null && this.#trouble === null)
      log.info({ free: formatSize(free) }, 'there is room on the disk again')
    return this.#trouble !== null
  }

  async #tellTrouble(): Promise<void> {
    const { dispatch, memoryBytes, signal, clock } = this.#options
    const trouble = this.#trouble ?? ''
    await dispatch.claim({ memoryBytes, freeBytes: 0, harness: this.#harness, waitMs: 0, trouble }, signal)
    await clock.sleep(this.#limits.diskLookMs, signal).catch(() => {})
  }

  /** Never throws: what could not be removed is met again. */
  async #prune(limits: KeepLimits): Promise<void> {
    const { dispatch, state, clock, log } = this.#options
    if (dispatch.sharesFolder) return
    const busy = new Set([...this.#running.keys()].map(({ folder }) => folder))
    try {
      const removed = await pruneKept(state, { limits, busy, now: clock.now() })
      if (removed.length > 0) log.info({ runs: removed.length }, 'removed folders of runs that the server has')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'folders of earlier runs could not be removed')
    }
  }

  /** Now and then; never throws. */
  async #pruneImages(short: boolean): Promise<void> {
    const { clock, log } = this.#options
    const { imagesMs, imagesShortMs } = this.#limits
    if (clock.now() - this.#imagesAt < (short ? imagesShortMs : imagesMs)) return
    this.#imagesAt = clock.now()
    try {
      const trouble = await pruneImages(this.#options, short)
      if (trouble !== null) log.warn({ trouble }, 'images of earlier runs could not all be removed')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'images of earlier runs could not be removed')
    }
  }

  async #oneEnds(signal: AbortSignal): Promise<void> {
    const drain = Promise.withResolvers<void>()
    const onAbort = () => drain.resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    await Promise.race([drain.promise, ...this.#running.values()])
    signal.removeEventListener('abort', onAbort)
  }
}

/** What no waiting mends. */
function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'server-refused' || error.code === 'bad-server')
}
