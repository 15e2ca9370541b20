import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { InfraError } from '../../../src/lib/errors.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { type RunRecord, readRecord, runFolder } from '../../../src/lifecycle/run-folder.ts'
import { FencedError } from '../../../src/server/contract/errors.ts'
import type { Assignment, ClaimBody, Dispatch, FinishBody } from '../../../src/server/contract/protocol.ts'
import type { RunRequest } from '../../../src/server/contract/request.ts'
import { writePiece } from '../../../src/server/runs/uploaded-files.ts'
import type { WorkerLimits } from '../../../src/server/worker/limits.ts'
import { runWorker } from '../../../src/server/worker/worker.ts'

const PLAYED = new URL('./played-run.ts', import.meta.url).pathname
const GIB = 1024 ** 3

/** A bare bundle of a repository with one commit whose file `behave` says what `played-run.ts` does. */
async function playedSource(dir: string, behaviour: string): Promise<{ bundle: string; commit: string }> {
  const repo = mkdtempSync(join(dir, 'repo-'))
  const who = ['-c', 'user.name=A Stranger', '-c', 'user.email=stranger@example.org']
  const git = async (...args: string[]) =>
    (await execOk('git', [...who, ...args], { cwd: repo, timeoutMs: 30_000, env: inheritedEnv() })).stdout.trim()
  await git('init', '-q', '-b', 'main')
  writeFileSync(join(repo, 'behave'), behaviour)
  await git('add', '--all')
  await git('commit', '-q', '-m', behaviour)
  await git('update-ref', 'refs/cc-ci/head', 'HEAD')
  const bundle = join(repo, 'all.bundle')
  await git('bundle', 'create', '-q', bundle, '--all')
  return { bundle, commit: await git('rev-parse', 'HEAD') }
}

export interface ServedOptions {
  readonly behaviour: string
  readonly timeoutMs?: number
  readonly leaseMs?: number
  readonly sharesFolder?: boolean
  readonly limits?: Partial<WorkerLimits>
  /** Which attempt at the run this is; default 1. */
  readonly attempt?: number
  /** How many such runs there are; default 1. */
  readonly runs?: number
  /** Free disk of the worker, in bytes. */
  readonly freeDisk?: () => Promise<number>
}

/** A worker and a server in memory that has some runs to give, obeys the protocol and notes what it is told. */
/** Images are a matter of the tests that are about them. */
const NO_IMAGES = { imagesMs: Number.POSITIVE_INFINITY, imagesShortMs: Number.POSITIVE_INFINITY }

export class Served implements Dispatch {
  readonly dir = mkdtempSync(join(tmpdir(), 'cc-ci-worker-'))
  readonly state = join(this.dir, 'state')
  /** Where files that come by `put` lie. */
  readonly received = join(this.dir, 'received')
  readonly sharesFolder: boolean
  readonly finished: FinishBody[] = []
  readonly proofs: string[] = []
  readonly released: string[] = []
  readonly held: Assignment[] = []
  readonly troubles: string[] = []
  /** What the newest claim said. */
  disks: ClaimBody['disks']
  /** Why the source is not to be had this time. */
  noSource: () => Error | null = () => null
  cancel: string | null = null
  fenced = false
  away = false
  /** Renewals get no answer, neither good nor bad. */
  hanging = false
  renewals = 0
  /** Calls that met nobody. */
  unanswered = 0
  readonly drain = new AbortController()
  readonly releasing = new AbortController()
  readonly #options: ServedOptions
  #source = { bundle: '', commit: '' }
  #ended = new Set<string>()
  #worker: Promise<void> = Promise.resolve()

  constructor(options: ServedOptions) {
    this.#options = options
    this.sharesFolder = options.sharesFolder ?? true
  }

  async start(drainMs?: number): Promise<void> {
    this.#source = await playedSource(this.dir, this.#options.behaviour)
    this.#worker = runWorker({
      dispatch: this,
      ...{ state: this.state, memoryBytes: 2 * GIB, clock: systemClock, log: pino({ level: 'silent' }) },
      ccCi: [process.execPath, '--disable-warning=ExperimentalWarning', PLAYED, '-'],
      ...{ signal: this.drain.signal, release: this.releasing.signal },
      limits: { renewMs: 50, teardownMs: 20_000, killMs: 200, diskLookMs: 50, ...NO_IMAGES, ...this.#options.limits },
      ...this.#disk(),
      ...(drainMs === undefined ? {} : { drainMs }),
    })
  }

  /** The same disk for runs and images. */
  #disk() {
    const { freeDisk } = this.#options
    if (!freeDisk) return {}
    return {
      diskRooms: async () => {
        const room = { free: await freeDisk(), size: 100 * GIB }
        return { runs: room, images: room }
      },
    }
  }

  /** Lets no more runs begin and waits until the worker holds nothing. */
  async done(): Promise<void> {
    this.drain.abort()
    await this.#worker
  }

  async until(name: string, look: () => boolean): Promise<void> {
    const result = await waitFor(
      async () => (look() ? { state: 'ready', value: true } : { state: 'waiting', reason: 'not yet' }),
      { name, timeoutMs: 60_000, everyMs: 20 },
    )
    if (result.state !== 'ready') throw new Error(`never came: ${name}`)
  }

  /** The run.json of the run that was given first; null: none there. */
  record(): RunRecord | null {
    const [first] = this.held
    return first ? readRecord(runFolder(this.state, first.folder)) : null
  }

  /** The app is announced: the run is in the middle of it. */
  running(): boolean {
    return (this.record()?.app ?? null) !== null
  }

  desks(): string[] {
    return readdirSync(join(this.state, 'worker'))
  }

  async claim({ freeBytes, trouble, disks }: ClaimBody, signal: AbortSignal): Promise<Assignment | null> {
    this.#reach()
    this.disks = disks
    if (trouble !== undefined) this.troubles.push(trouble)
    const { runs = 1, leaseMs = 30_000, attempt = 1 } = this.#options
    if (this.held.length >= runs || freeBytes < GIB) {
      await systemClock.sleep(20, signal)
      return null
    }
    const request = this.#request()
    const token = '0'.repeat(32)
    const origin = 'https://git.example.org/coop-cloud/played'
    const held = {
      request,
      attempt,
      token,
      folder: request.id,
      leaseMs,
      origin,
      approvedCommits: [],
      approvedTrees: [],
    }
    this.held.push(held)
    return held
  }

  async source(_held: Assignment, file: string): Promise<void> {
    this.#reach()
    const error = this.noSource()
    if (error) throw error
    await execOk('cp', [this.#source.bundle, file], { timeoutMs: 10_000 })
  }

  async renew(held: Assignment) {
    if (this.hanging) await new Promise(() => {})
    this.#reach()
    this.#check(held)
    this.renewals++
    return { leaseMs: held.leaseMs, cancel: this.cancel }
  }

  async put(held: Assignment, path: string, offset: number, bytes: Uint8Array) {
    this.#reach()
    const isLate = this.cancel !== null && this.#ended.has(held.folder) && this.proofs.length === 0
    if (!isLate) this.#check(held)
    return { size: await writePiece({ dir: join(this.received, held.folder), path, offset, bytes }) }
  }

  async finish(held: Assignment, body: FinishBody): Promise<void> {
    this.#reach()
    this.#check(held)
    this.#ended.add(held.folder)
    this.finished.push(body)
  }

  async teardown(_held: Assignment, { teardown }: { teardown: string }): Promise<void> {
    this.#reach()
    this.proofs.push(teardown)
  }

  async release(held: Assignment): Promise<void> {
    this.#reach()
    this.#check(held)
    this.#ended.add(held.folder)
    this.released.push(held.folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.releasing.abort()
    await this.done()
    rmSync(this.dir, { recursive: true, force: true })
  }

  #request(): RunRequest {
    const id = newRunId(Date.now())
    const at = new Date().toISOString()
    const { timeoutMs = 60_000 } = this.#options
    return {
      ...{ schema: 1, id, attemptOf: null, at, priority: 'manual', repository: 'coop-cloud/played', pull: null },
      ...{ commit: this.#source.commit, base: 'none', quick: false, memoryBytes: GIB, deadlineMs: timeoutMs },
    }
  }

  #reach(): void {
    if (!this.away) return
    this.unanswered++
    throw new InfraError('server-gone', 'nobody answers')
  }

  #check(held: Assignment): void {
    if (this.fenced || this.#ended.has(held.folder)) throw new FencedError(held.request.id)
  }
}
