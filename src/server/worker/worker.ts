import type { Logger } from 'pino'
import type { Clock } from '../../lib/async/clock.ts'
import { retry } from '../../lib/async/retry.ts'
import { messageOf } from '../../lib/errors.ts'
import { formatSize } from '../../lib/text/size.ts'
import { type ToolIdentity, toolIdentity } from '../../lib/version.ts'
import type { Assignment, ClaimBody, Dispatch, WorkerDisks } from '../contract/protocol.ts'
import { LIMITS, type WorkerLimits } from './limits.ts'
import { RunExecutor } from './run-executor.ts'
import { clearAttributions } from './why-task.ts'
import {
  diskRooms,
  disksOf,
  type FolderLimits,
  leastFree,
  openWorkspace,
  pruneImages,
  pruneRunFolders,
  runGarbageCollection,
  type Workspace,
} from './workspace.ts'

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
  /** Aborted: drain. No new runs are claimed; active ones finish. */
  readonly signal: AbortSignal
  /** Aborted: active runs are stopped, torn down and released to the queue. */
  readonly release?: AbortSignal
  /** How long to drain before `release`. Default: without limit. */
  readonly drainMs?: number
  readonly limits?: Partial<WorkerLimits>
  /** Room on the disks. Default: what the file systems say. */
  readonly diskRooms?: () => ReturnType<typeof diskRooms>
}

/**
 * Claims runs from the server and executes them, several at a time while memory allows. Resolves when it was told to drain and no run is
 * active. Throws if the server refuses it, for example its token, before the first successful claim.
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  await using workspace = await openWorkspace(options.state)
  await removeLeftovers(options)
  const worker = new Worker(options, workspace, toolVersion(await toolIdentity()))
  try {
    await worker.claimUntilDrained()
  } finally {
    await worker.drained()
  }
}

async function removeLeftovers(options: WorkerOptions): Promise<void> {
  const { log } = options
  try {
    const left = await runGarbageCollection(options)
    if (left !== null) log.warn({ left }, 'orphan cleanup incomplete')
    await clearAttributions(options, options.clock.now())
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'orphan cleanup failed at startup')
  }
}

function toolVersion({ version, commit }: ToolIdentity): string {
  return commit === null ? version : `${version}+${commit}`
}

class Worker {
  readonly #options: WorkerOptions
  readonly #workspace: Workspace
  readonly #toolVersion: string
  readonly #limits: WorkerLimits
  readonly #running = new Map<Assignment, Promise<void>>()
  readonly #release = new AbortController()
  #unavailableReason: string | null = null
  #disks: WorkerDisks | null = null
  #imagesAt = Number.MIN_SAFE_INTEGER

  constructor(options: WorkerOptions, workspace: Workspace, toolVersion: string) {
    this.#options = options
    this.#workspace = workspace
    this.#toolVersion = toolVersion
    this.#limits = { ...LIMITS, ...options.limits }
    if (options.release?.aborted) this.#release.abort()
    options.release?.addEventListener('abort', () => this.#release.abort(), { once: true })
  }

  async claimUntilDrained(): Promise<void> {
    const { signal, log, clock } = this.#options
    let met = false
    await this.#prune(this.#limits.folders)
    const onFailure = (error: unknown, pauseMs: number) => {
      if (!met && isPermanent(error)) throw error
      log.warn({ error: messageOf(error), retryInMs: pauseMs }, 'claim request failed; backing off')
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
    const timer = drainMs === undefined ? undefined : setTimeout(() => this.#release.abort(), drainMs)
    await Promise.all(this.#running.values())
    clearTimeout(timer)
    await this.#prune(this.#limits.folders)
  }

  async #claimOnce(): Promise<void> {
    const { dispatch, memoryBytes, signal, clock } = this.#options
    const freeBytes = memoryBytes - [...this.#running.keys()].reduce((sum, { request }) => sum + request.memoryBytes, 0)
    if (freeBytes <= 0) return this.#waitForOne(signal)
    if (await this.#lacksDisk()) return this.#reportUnavailable()
    await this.#pruneImages(false)
    const waitMs = this.#running.size > 0 ? this.#limits.busyWaitMs : this.#limits.idleWaitMs
    const since = performance.now()
    const assignment = await dispatch.claim({ ...this.#told(), memoryBytes, freeBytes, waitMs }, signal)
    if (assignment) return this.#start(assignment, since)
    const tookMs = performance.now() - since
    if (tookMs < FIRST_PAUSE_MS) await clock.sleep(FIRST_PAUSE_MS - tookMs, signal).catch(() => {})
  }

  #start(assignment: Assignment, since: number): void {
    const { dispatch, state, ccCi, clock, log } = this.#options
    log.info(
      { run: assignment.request.id, attempt: assignment.attempt, repository: assignment.request.repository },
      'claimed',
    )
    const run = new RunExecutor(assignment, {
      ...{ dispatch, state, ccCi, clock, log, since, workspace: this.#workspace.dir },
      ...{ limits: this.#limits, release: this.#release.signal },
    })
    this.#running.set(
      assignment,
      run.execute().finally(() => {
        this.#running.delete(assignment)
        return this.#prune(this.#limits.folders)
      }),
    )
  }

  /** Where the disk is short, removes delivered run folders and all unused images of runs first. */
  async #lacksDisk(): Promise<boolean> {
    const { state, log, diskRooms: measure = () => diskRooms(state) } = this.#options
    const { diskBytes, folders } = this.#limits
    const look = async () => {
      const rooms = await measure()
      this.#disks = disksOf(rooms)
      return leastFree(rooms)
    }
    let free = await look()
    if (free < diskBytes) {
      await this.#prune({ ...folders, count: 0 })
      await this.#pruneImages(true)
      free = await look()
    }
    const before = this.#unavailableReason
    this.#unavailableReason =
      free < diskBytes
        ? `${formatSize(free)} of disk are free, ${formatSize(diskBytes)} are needed: no run is begun`
        : null
    if (before === null && this.#unavailableReason !== null)
      log.warn({ reason: this.#unavailableReason }, 'not enough free disk; claiming no runs')
    if (before !== null && this.#unavailableReason === null)
      log.info({ free: formatSize(free) }, 'disk has enough room again')
    return this.#unavailableReason !== null
  }

  async #reportUnavailable(): Promise<void> {
    const { dispatch, memoryBytes, signal, clock } = this.#options
    const trouble = this.#unavailableReason ?? ''
    await dispatch.claim({ ...this.#told(), memoryBytes, freeBytes: 0, waitMs: 0, trouble }, signal)
    await clock.sleep(this.#limits.diskLookMs, signal).catch(() => {})
  }

  /** What each claim says of this worker. */
  #told(): Pick<ClaimBody, 'harness' | 'disks'> {
    return { harness: this.#toolVersion, ...(this.#disks ? { disks: this.#disks } : {}) }
  }

  /** Never throws: what could not be removed is tried again later. */
  async #prune(limits: FolderLimits): Promise<void> {
    const { dispatch, state, clock, log } = this.#options
    if (dispatch.sharesFolder) return
    const busy = new Set([...this.#running.keys()].map(({ folder }) => folder))
    try {
      const removed = await pruneRunFolders(state, { limits, busy, now: clock.now() })
      if (removed.length > 0) log.info({ runs: removed.length }, 'removed run folders')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'run folder cleanup failed')
    }
  }

  /** Now and then; never throws. */
  async #pruneImages(short: boolean): Promise<void> {
    const { clock, log } = this.#options
    const { imagesMs, imagesShortMs } = this.#limits
    if (clock.now() - this.#imagesAt < (short ? imagesShortMs : imagesMs)) return
    this.#imagesAt = clock.now()
    try {
      const output = await pruneImages(this.#options, short)
      if (output !== null) log.warn({ output }, 'image cleanup incomplete')
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'image cleanup failed')
    }
  }

  async #waitForOne(signal: AbortSignal): Promise<void> {
    const drain = Promise.withResolvers<void>()
    const onAbort = () => drain.resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    await Promise.race([drain.promise, ...this.#running.values()])
    signal.removeEventListener('abort', onAbort)
  }
}

/** Errors that a retry cannot fix. */
function isPermanent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'server-refused' || error.code === 'bad-server')
}
