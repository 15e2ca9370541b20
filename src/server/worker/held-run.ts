import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { Cleanup } from '../../lib/cleanup.ts'
import type { Clock } from '../../lib/clock.ts'
import { EXIT, messageOf } from '../../lib/errors.ts'
import { discardRun, runFolder } from '../../lifecycle/run-folder.ts'
import { FencedError } from '../contract/errors.ts'
import { type Assignment, CANCELLED, type Dispatch, type FinishBody } from '../contract/protocol.ts'
import { checkOut, removeCheckout } from './checkout.ts'
import { type Child, startChild } from './child.ts'
import { runEnv } from './command.ts'
import { insist } from './insist.ts'
import { noteKept } from './kept.ts'
import { keepLease } from './lease-keeper.ts'
import type { WorkerLimits } from './limits.ts'
import { type Task, taskOf } from './task.ts'
import { FolderUpload } from './upload.ts'

export interface HeldRunParts {
  readonly dispatch: Dispatch
  readonly state: string
  /** Folder of this worker process for checkouts. */
  readonly desk: string
  readonly ccCi: readonly string[]
  readonly limits: WorkerLimits
  readonly clock: Clock
  readonly log: Logger
  /** When the claim was sent, by performance.now(). */
  readonly since: number
  /** The worker must give its runs back. */
  readonly giveBack: AbortSignal
}

/** How long the server may be away before nobody tells it any more that a cancelled run is proven gone. */
const TEARDOWN_NEWS_MS = 600_000

/** Why a run ends other than by itself. The first reason stands, but a lost lease comes before all: nothing is written any more. */
type Stop = 'cancelled' | 'fenced' | 'deadline' | 'output' | 'given-back'

/** One attempt from its assignment to its end: never throws, and leaves nothing on this machine but the run's folder. */
export class HeldRun {
  readonly #held: Assignment
  readonly #parts: HeldRunParts
  readonly #log: Logger
  readonly #task: Task
  readonly #cleanup = new Cleanup()
  /** Aborted when the lease is lost. */
  readonly #lost = new AbortController()
  /** Aborted when the lease is needed no longer. */
  readonly #over = new AbortController()
  /** Aborted when the run is to stop. */
  readonly #stop = new AbortController()
  #why: Stop | null = null
  #child: Child | null = null
  #told: Promise<unknown> = Promise.resolve()
  /** The process has ended by itself: what it found counts, whoever wants it to stop now. */
  #settled = false

  constructor(held: Assignment, parts: HeldRunParts) {
    this.#held = held
    this.#parts = parts
    this.#log = parts.log.child({ run: held.request.id, attempt: held.attempt })
    this.#task = taskOf({ held, ccCi: parts.ccCi, state: parts.state, desk: join(parts.desk, held.folder) })
  }

  async hold(): Promise<void> {
    const { giveBack } = this.#parts
    const onGiveBack = () => this.#end('given-back')
    giveBack.addEventListener('abort', onGiveBack, { once: true })
    if (giveBack.aborted) onGiveBack()
    const kept = this.#keepLease()
    try {
      await this.#note(false)
      await this.#run()
    } catch (error) {
      if (error instanceof FencedError) this.#end('fenced')
      else this.#log.error({ err: error }, 'the run could not be held to its end')
    } finally {
      giveBack.removeEventListener('abort', onGiveBack)
      this.#over.abort()
      await kept
      for (const { what, message } of await this.#cleanup.run()) this.#log.error({ what, message }, 'not removed')
    }
  }

  #keepLease(): Promise<void> {
    const { dispatch, clock, limits, since } = this.#parts
    return keepLease(
      this.#held,
      {
        ...{ dispatch, clock, log: this.#log, since, renewMs: limits.renewMs },
        onCancel: (reason) => {
          this.#log.info({ reason }, 'cancelled')
          this.#end('cancelled')
        },
        onFenced: (reason) => {
          this.#log.warn({ reason }, 'stopped and given up')
          this.#end('fenced')
        },
      },
      AbortSignal.any([this.#lost.signal, this.#over.signal]),
    )
  }

  /** A cancelled run is over for the server before it is over here, so that its lease is rightly refused then. */
  #end(why: Stop): void {
    if (why === 'fenced') this.#lost.abort()
    if (this.#why === 'cancelled' || this.#why === 'fenced') return
    if (why !== 'fenced' && (this.#why !== null || this.#settled)) return
    this.#why = why
    if (why === 'cancelled') {
      this.#told = this.#finish({ exitCode: null, ended: 'cancelled', words: '', teardown: 'unknown' })
    }
    this.#stop.abort()
  }

  async #run(): Promise<void> {
    const { dispatch, state, clock } = this.#parts
    let exitCode: number | null = null
    let words = ''
    const upload = new FolderUpload({
      ...{ dispatch, clock, log: this.#log, held: this.#held, dir: runFolder(state, this.#held.folder).dir },
    })
    const over = new AbortController()
    const following = dispatch.sharesFolder ? Promise.resolve() : this.#follow(upload, over.signal)
    try {
      const checkout = await this.#checkOut()
      if (this.#why === null) exitCode = await this.#judge(checkout)
    } catch (error) {
      if (error instanceof FencedError) throw error
      if (!this.#stop.signal.aborted) this.#log.error({ err: error }, 'the run could not begin')
      words = messageOf(error)
    } finally {
      over.abort()
    }
    await following
    await this.#conclude(exitCode, this.#child?.words.text(2000) || words.slice(0, 2000), upload)
  }

  #follow(upload: FolderUpload, over: AbortSignal): Promise<void> {
    return upload.follow(AbortSignal.any([over, this.#lost.signal])).catch((error: unknown) => {
      if (error instanceof FencedError) this.#end('fenced')
      else this.#log.error({ err: error }, 'events are not followed any more')
    })
  }

  async #checkOut(): Promise<string> {
    const { dispatch, desk, clock, limits } = this.#parts
    const { request, folder } = this.#held
    const { signal } = this.#stop
    const dir = join(desk, folder)
    this.#cleanup.register(`checkout of ${folder}`, () => removeCheckout(dir))
    await mkdir(dir, { recursive: true, mode: 0o700 })
    const bundle = join(dir, 'source.bundle')
    const source = () => dispatch.source(this.#held, bundle, signal)
    await insist(source, {
      ...{ clock, log: this.#log, what: 'fetching the source', signal },
      // The server's git, to which a forge that is away is a failure like any other.
      ...{ also: ['git-failed'], withinMs: limits.sourceMs },
    })
    const { repository, commit, pull, sweep } = request
    const baseBranch = pull?.baseRef ?? sweep?.baseRef ?? null
    return checkOut(bundle, join(dir, 'clone'), { repository, commit, baseBranch })
  }

  /** Runs the task's program to its end, or ends it. Null: it was killed. */
  async #judge(checkout: string): Promise<number | null> {
    const { limits } = this.#parts
    const child = await startChild(await this.#task.argv(checkout), {
      ...{ cwd: checkout, env: runEnv(this.#held), outputBytes: limits.outputBytes },
      onFlood: () => this.#end('output'),
    })
    this.#child = child
    const late = setTimeout(() => this.#end('deadline'), this.#held.request.deadlineMs + limits.teardownMs)
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

  async #conclude(exitCode: number | null, words: string, upload: FolderUpload): Promise<void> {
    const { state, dispatch } = this.#parts
    const runId = this.#held.folder
    const teardown = await this.#task.proven()
    this.#log.info({ exitCode, stopped: this.#why, teardown }, 'ended')
    const why = this.#why
    if (why === 'fenced') return
    if (why === 'cancelled') {
      await this.#told
      await this.#task.gather()
      if (!dispatch.sharesFolder) await this.#bringLate(upload)
      const signal = AbortSignal.timeout(TEARDOWN_NEWS_MS)
      if (await this.#tell('the teardown', () => dispatch.teardown(this.#held, { teardown }), signal)) {
        await this.#note(true)
      }
      if (teardown !== 'left') await this.#task.discard()
      return
    }
    if (why === 'given-back' && (teardown === 'clean' || teardown === 'none')) {
      discardRun(runFolder(state, runId))
      await this.#tell('giving back', () => dispatch.release(this.#held))
      return
    }
    // What could not be removed keeps its folder, and the lease runs out: the next attempt has another one.
    if (why === 'given-back') return
    if (why === null && (exitCode === EXIT.sigterm || exitCode === EXIT.sigint)) {
      return this.#log.warn('stopped by somebody else: the lease runs out, and the next attempt judges')
    }
    await this.#task.gather()
    if (!dispatch.sharesFolder) await upload.rest(this.#lost.signal)
    if (!(await this.#finish({ exitCode, ended: why ?? 'itself', words, teardown }))) return
    await this.#note(true)
    if (teardown !== 'left') await this.#task.discard()
  }

  /** In the folder, where that is not the server's: whether it may be removed when room is needed. */
  async #note(delivered: boolean): Promise<void> {
    const { dispatch, state, clock } = this.#parts
    if (!dispatch.sharesFolder) await noteKept(state, this.#held.folder, delivered, clock.now())
  }

  /** What a cancelled run left behind, before the server is told of its teardown and takes no more. */
  async #bringLate(upload: FolderUpload): Promise<void> {
    try {
      await upload.rest(AbortSignal.timeout(CANCELLED.bringMs))
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'what the cancelled run left could not be brought to the server')
    }
  }

  /** True when the server knows. */
  async #finish(body: FinishBody): Promise<boolean> {
    const told = await this.#tell('the end', () => this.#parts.dispatch.finish(this.#held, body))
    this.#over.abort()
    return told
  }

  /** As long as the lease lasts, or the signal. True when the server heard it. Never throws. */
  async #tell(what: string, call: () => Promise<void>, signal: AbortSignal = this.#lost.signal): Promise<boolean> {
    try {
      await insist(call, { clock: this.#parts.clock, log: this.#log, what: `telling ${what}`, signal })
      return true
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, `the server was not told ${what}`)
      return false
    }
  }
}
