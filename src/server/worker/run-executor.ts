import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Cleanup } from '../../lib/async/cleanup.ts'
import type { Clock } from '../../lib/async/clock.ts'
import { EXIT, messageOf } from '../../lib/errors.ts'
import { discardRun, runFolder } from '../../lifecycle/run-folder.ts'
import { FencedError } from '../contract/errors.ts'
import { type Assignment, CANCELLED, type Dispatch, type FinishBody } from '../contract/protocol.ts'
import { checkOut, removeCheckout } from './checkout.ts'
import { type Child, runEnv, startChild } from './child.ts'
import { keepLease } from './lease-keeper.ts'
import type { WorkerLimits } from './limits.ts'
import { withRetry } from './retry.ts'
import { type Task, testTask } from './task.ts'
import { FolderUpload } from './upload.ts'
import { whyTask } from './why-task.ts'
import { recordDelivery } from './workspace.ts'

export interface RunExecutorDeps {
  readonly dispatch: Dispatch
  readonly state: string
  /** Folder of this worker process, for checkouts. */
  readonly workspace: string
  readonly ccCi: readonly string[]
  readonly limits: WorkerLimits
  readonly clock: Clock
  readonly log: Logger
  /** When the claim was sent, by performance.now(). */
  readonly since: number
  /** Aborted: the run is stopped and released to the queue. */
  readonly release: AbortSignal
}

/** How long the teardown of a cancelled run is reported to a server that is unavailable. */
const TEARDOWN_NEWS_MS = 600_000

/** Why a run was stopped. The first reason counts, but a lost lease overrides all: nothing is written any more. */
type Stop = 'cancelled' | 'fenced' | 'deadline' | 'output' | 'released'

/** Executes one attempt under its lease: never throws, and leaves nothing on this machine but the run's folder. */
export class RunExecutor {
  readonly #assignment: Assignment
  readonly #deps: RunExecutorDeps
  readonly #log: Logger
  readonly #task: Task
  readonly #cleanup = new Cleanup()
  /** Aborted when the lease is lost. */
  readonly #lost = new AbortController()
  /** Aborted when the lease is no longer needed. */
  readonly #over = new AbortController()
  /** Aborted when the run is to stop. */
  readonly #stop = new AbortController()
  #why: Stop | null = null
  #child: Child | null = null
  #cancelReported: Promise<unknown> = Promise.resolve()
  /** The process has exited by itself: its result counts, even if a stop is requested now. */
  #settled = false

  constructor(assignment: Assignment, deps: RunExecutorDeps) {
    this.#assignment = assignment
    this.#deps = deps
    this.#log = deps.log.child({ run: assignment.request.id, attempt: assignment.attempt })
    const task = { assignment, ccCi: deps.ccCi, state: deps.state, workspace: join(deps.workspace, assignment.folder) }
    const { why } = assignment.request
    this.#task = why ? whyTask({ ...task, why }) : testTask(task)
  }

  async execute(): Promise<void> {
    const { release } = this.#deps
    const onRelease = () => this.#end('released')
    release.addEventListener('abort', onRelease, { once: true })
    if (release.aborted) onRelease()
    const leaseKeeping = this.#keepLease()
    try {
      await this.#recordDelivery(false)
      await this.#run()
    } catch (error) {
      if (error instanceof FencedError) this.#end('fenced')
      else this.#log.error({ err: error }, 'run execution failed')
    } finally {
      release.removeEventListener('abort', onRelease)
      this.#over.abort()
      await leaseKeeping
      for (const { what, message } of await this.#cleanup.run()) this.#log.error({ what, message }, 'cleanup failed')
    }
  }

  #keepLease(): Promise<void> {
    const { dispatch, clock, limits, since } = this.#deps
    return keepLease(
      this.#assignment,
      {
        ...{ dispatch, clock, log: this.#log, since, renewMs: limits.renewMs },
        onCancel: (reason) => {
          this.#log.info({ reason }, 'run cancelled')
          this.#end('cancelled')
        },
        onFenced: (reason) => {
          this.#log.warn({ reason }, 'lease lost; stopping the run')
          this.#end('fenced')
        },
      },
      AbortSignal.any([this.#lost.signal, this.#over.signal]),
    )
  }

  /** A cancelled run is reported as finished before its process has exited: from then on the server refuses its lease. */
  #end(why: Stop): void {
    if (why === 'fenced') this.#lost.abort()
    if (this.#why === 'cancelled' || this.#why === 'fenced') return
    if (why !== 'fenced' && (this.#why !== null || this.#settled)) return
    this.#why = why
    if (why === 'cancelled') {
      this.#cancelReported = this.#finish({ exitCode: null, ended: 'cancelled', words: '', teardown: 'unknown' })
    }
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    const { dispatch, state, clock } = this.#deps
    let exitCode: number | null = null
    let words = ''
    const upload = new FolderUpload({
      ...{
        dispatch,
        clock,
        log: this.#log,
        assignment: this.#assignment,
        dir: runFolder(state, this.#assignment.folder).dir,
      },
    })
    const over = new AbortController()
    const following = dispatch.sharesFolder ? Promise.resolve() : this.#follow(upload, over.signal)
    try {
      const checkout = await this.#checkOut()
      if (this.#why === null) exitCode = await this.#judge(checkout)
    } catch (error) {
      if (error instanceof FencedError) throw error
      if (!this.#stop.signal.aborted) this.#log.error({ err: error }, 'run could not start')
      words = messageOf(error)
    } finally {
      over.abort()
    }
    await following
    await this.#complete(exitCode, this.#child?.output.text(2000) || words.slice(0, 2000), upload)
  }

  #follow(upload: FolderUpload, over: AbortSignal): Promise<void> {
    return upload.follow(AbortSignal.any([over, this.#lost.signal])).catch((error: unknown) => {
      if (error instanceof FencedError) this.#end('fenced')
      else this.#log.error({ err: error }, 'event tailing stopped')
    })
  }

  async #checkOut(): Promise<string> {
    const { dispatch, workspace, clock, limits } = this.#deps
    const { request, folder } = this.#assignment
    const { signal } = this.#stop
    const dir = join(workspace, folder)
    this.#cleanup.register(`checkout of ${folder}`, () => removeCheckout(dir))
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const bundle = join(dir, 'source.bundle')
    const source = () => dispatch.source(this.#assignment, bundle, signal)
    await withRetry(source, {
      ...{ clock, log: this.#log, call: 'source', signal },
      // The server's git reports an unavailable forge as any other failure.
      ...{ also: ['git-failed'], withinMs: limits.sourceMs },
    })
    const { repository, commit, pull, sweep } = request
    const baseBranch = pull?.baseRef ?? sweep?.baseRef ?? null
    return checkOut(bundle, join(dir, 'clone'), { repository, commit, baseBranch })
  }

  /** Runs the task's program until it exits or is stopped. Null: it was killed. */
  async #judge(checkout: string): Promise<number | null> {
    const { limits } = this.#deps
    const child = await startChild(await this.#task.argv(checkout), {
      ...{ cwd: checkout, env: runEnv(this.#assignment), outputBytes: limits.outputBytes },
      onFlood: () => this.#end('output'),
    })
    this.#child = child
    const late = setTimeout(() => this.#end('deadline'), this.#assignment.request.deadlineMs + limits.teardownMs)
    let kill: NodeJS.Timeout | undefined
    const stop = () => {
      child.signal('SIGTERM')
      kill = setTimeout(() => child.signal('SIGKILL'), this.#why === 'deadline' ? limits.killMs : limits.teardownMs)
    }
    this.#stop.signal.addEventListener('abort', stop, { once: true })
    if (this.#stop.signal.aborted) stop()
    const exitCode = await child.exited
    clearTimeout(late)
    clearTimeout(kill)
    this.#stop.signal.removeEventListener('abort', stop)
    this.#settled = true
    return exitCode
  }

  async #complete(exitCode: number | null, words: string, upload: FolderUpload): Promise<void> {
    const { state, dispatch } = this.#deps
    const runId = this.#assignment.folder
    const teardown = await this.#task.verifyTeardown()
    this.#log.info({ exitCode, stopped: this.#why, teardown }, 'run ended')
    const why = this.#why
    if (why === 'fenced') return
    if (why === 'cancelled') {
      await this.#cancelReported
      await this.#task.collectFiles()
      if (!dispatch.sharesFolder) await this.#uploadCancelled(upload)
      const signal = AbortSignal.timeout(TEARDOWN_NEWS_MS)
      if (await this.#notify('teardown', () => dispatch.teardown(this.#assignment, { teardown }), signal)) {
        await this.#recordDelivery(true)
      }
      if (teardown !== 'left') await this.#task.discard()
      return
    }
    if (why === 'released' && (teardown === 'clean' || teardown === 'none')) {
      discardRun(runFolder(state, runId))
      await this.#notify('release', () => dispatch.release(this.#assignment))
      return
    }
    // Where something could not be removed the folder stays and the lease expires: the next attempt gets another folder.
    if (why === 'released') return
    const unfinished = why === null ? await this.#unfinishedBy(exitCode) : null
    // Its lease expires, and it is queued once more.
    if (unfinished !== null) return this.#log.warn({ because: unfinished }, 'run left to the next attempt')
    await this.#task.collectFiles()
    if (!dispatch.sharesFolder) await upload.sendAll(this.#lost.signal)
    if (!(await this.#finish({ exitCode, ended: why ?? 'itself', words, teardown }))) return
    await this.#recordDelivery(true)
    if (teardown !== 'left') await this.#task.discard()
  }

  /** What ended the run other than the run itself; null: nothing. A node is lost once: on the next one it may be the recipe that takes it down. */
  async #unfinishedBy(exitCode: number | null): Promise<string | null> {
    if (exitCode === EXIT.sigterm || exitCode === EXIT.sigint) return 'stopped by a signal'
    const node = this.#assignment.attempt === 1 ? await this.#task.lostNode() : null
    return node && `node ${node} was lost`
  }

  /** Records in a folder that is not the server's own whether it may be removed when room is needed. */
  async #recordDelivery(delivered: boolean): Promise<void> {
    const { dispatch, state, clock } = this.#deps
    if (!dispatch.sharesFolder) await recordDelivery(state, this.#assignment.folder, delivered, clock.now())
  }

  /** Uploads the files of a cancelled run, before its teardown is reported: the server accepts no more after that. */
  async #uploadCancelled(upload: FolderUpload): Promise<void> {
    try {
      await upload.sendAll(AbortSignal.timeout(CANCELLED.bringMs))
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'files of the cancelled run could not be uploaded')
    }
  }

  /** True when the server has accepted it. */
  async #finish(body: FinishBody): Promise<boolean> {
    const reported = await this.#notify('finish', () => this.#deps.dispatch.finish(this.#assignment, body))
    this.#over.abort()
    return reported
  }

  /** Retries until the lease is lost, or the signal. True when the server has accepted the call. Never throws. */
  async #notify(name: string, call: () => Promise<void>, signal: AbortSignal = this.#lost.signal): Promise<boolean> {
    try {
      await withRetry(call, { clock: this.#deps.clock, log: this.#log, call: name, signal })
      return true
    } catch (error) {
      this.#log.error({ call: name, error: messageOf(error) }, 'server could not be notified')
      return false
    }
  }
}
