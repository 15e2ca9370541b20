import { InternalError } from '../../../src/lib/errors.ts'
import { PRIORITIES, type RunRequest } from '../../../src/server/contract/request.ts'
import type { Claim } from '../../../src/server/contract/store.ts'
import { pickNextRun, pullKey, type QueuedCandidate, type WorkerRoom } from '../../../src/server/runs/scheduler.ts'
import type { OpenStore } from '../../../src/server/storage/open.ts'
import type { Asked } from './world.ts'

/** How many lost workers end a run, as the server has it. */
const ATTEMPTS = 3

/** What the simulation asks of a queue. */
export interface Queue {
  /** Gives the ids of those in whose place it was put. */
  add(asked: Asked): Promise<readonly string[]>
  /** `others`: workers that are here too; `away`: that are not. Gives the id of a run. */
  claim(
    room: WorkerRoom,
    now: number,
    about: { others: readonly WorkerRoom[]; away: readonly WorkerRoom[] },
  ): Promise<string | null>
  finish(id: string, now: number): Promise<void>
  /** Its worker was lost. False: it was the last time, the run has ended. */
  lose(id: string, now: number): Promise<boolean>
  readonly waiting: number
}

interface Active {
  readonly asked: Asked
  attempts: number
}

/** In memory: the choice is `pickNextRun`, which candidates it gets is what the server's query gives it. */
export class MemoryQueue implements Queue {
  readonly #queued = new Map<string, Active[]>()
  readonly #running = new Map<string, Active>()
  readonly #runningOf = new Map<string, number>()
  readonly #busy = new Set<string>()
  readonly #turns = new Map<string, number>()
  #waiting = 0
  /** Of each choice: ms, and how many candidates it had. */
  readonly picks: { readonly ms: number; readonly candidates: number }[] = []

  get waiting(): number {
    return this.#waiting
  }

  async add(asked: Asked): Promise<readonly string[]> {
    const { repo, pull } = asked
    const list = this.#queued.get(repo) ?? []
    const superseded = pull === null ? [] : list.filter((one) => one.asked.pull === pull)
    this.#queued.set(
      repo,
      list.filter((one) => !superseded.includes(one)),
    )
    this.#waiting -= superseded.length
    this.#enqueue({ asked, attempts: 0 })
    return superseded.map((one) => one.asked.id)
  }

  async claim(room: WorkerRoom, now: number, { others }: { others: readonly WorkerRoom[] }): Promise<string | null> {
    const candidates = this.#candidates(room)
    const began = performance.now()
    const next = pickNextRun(candidates, { room, others, now, busy: this.#busy })
    this.picks.push({ ms: performance.now() - began, candidates: candidates.length })
    if (!next) return null
    const list = this.#queued.get(next.repo) ?? []
    const [one] = list.splice(
      list.findIndex(({ asked }) => asked.id === next.id),
      1,
    )
    if (!one) throw new InternalError('simulation-wrong', `${next.id} does not wait`)
    if (list.length === 0) this.#queued.delete(next.repo)
    this.#waiting -= 1
    one.attempts += 1
    this.#running.set(next.id, one)
    this.#runningOf.set(next.repo, (this.#runningOf.get(next.repo) ?? 0) + 1)
    if (next.pull !== null) this.#busy.add(pullKey(next.repo, next.pull))
    this.#turns.set(next.repo, now)
    return next.id
  }

  async finish(id: string): Promise<void> {
    this.#end(id)
  }

  async lose(id: string): Promise<boolean> {
    const one = this.#end(id)
    if (one.attempts >= ATTEMPTS) return false
    this.#enqueue(one)
    return true
  }

  #enqueue(one: Active): void {
    const list = this.#queued.get(one.asked.repo) ?? []
    const rank = ({ asked }: Active) => [PRIORITIES.indexOf(asked.priority), asked.at] as const
    list.push(one)
    list.sort((a, b) => {
      const [[p, at], [q, bt]] = [rank(a), rank(b)]
      return p - q || at - bt || (a.asked.id < b.asked.id ? -1 : 1)
    })
    this.#queued.set(one.asked.repo, list)
    this.#waiting += 1
  }

  #end(id: string): Active {
    const one = this.#running.get(id)
    if (!one) throw new InternalError('simulation-wrong', `${id} does not run`)
    const { repo, pull } = one.asked
    this.#running.delete(id)
    this.#runningOf.set(repo, (this.#runningOf.get(repo) ?? 1) - 1)
    if (pull !== null) this.#busy.delete(pullKey(repo, pull))
    return one
  }

  /** Of each repository its next run, and the next of those that fit now. */
  #candidates({ memoryBytes, freeBytes }: WorkerRoom): QueuedCandidate[] {
    const found: QueuedCandidate[] = []
    for (const [repo, list] of this.#queued) {
      const free = list.filter(({ asked: { pull } }) => pull === null || !this.#busy.has(pullKey(repo, pull)))
      const next = free.find(({ asked }) => asked.memory <= memoryBytes)
      const fits = free.find(({ asked }) => asked.memory <= Math.min(memoryBytes, freeBytes))
      for (const one of new Set([next, fits])) {
        if (!one) continue
        const { id, pull, priority, at, memory } = one.asked
        found.push({
          ...{ id, repo, pull, priority: PRIORITIES.indexOf(priority), at, memory },
          ...{ running: this.#runningOf.get(repo) ?? 0, lastTurn: this.#turns.get(repo) ?? 0 },
        })
      }
    }
    return found
  }
}

/** Longer than any simulation: leases end only where a worker is lost. */
const LEASE_MS = 365 * 86_400_000

/** The server's own store. */
export class StoreQueue implements Queue {
  readonly #store: OpenStore
  readonly #claims = new Map<string, Claim>()
  waiting = 0

  constructor(store: OpenStore) {
    this.#store = store
  }

  async add(asked: Asked): Promise<readonly string[]> {
    const { superseded } = await this.#store.add(requestOf(asked))
    this.waiting += 1 - superseded.length
    return superseded.map(({ request }) => request.id)
  }

  async claim(
    room: WorkerRoom,
    now: number,
    { others, away }: { others: readonly WorkerRoom[]; away: readonly WorkerRoom[] },
  ): Promise<string | null> {
    const harness = 'simulated'
    for (const one of [room, ...others]) await this.#store.seenWorker({ ...one, harness }, now)
    for (const one of away) await this.#store.seenWorker({ ...one, harness, unavailableReason: 'away' }, now)
    const claim = await this.#store.claim({ ...room, harness }, now, LEASE_MS)
    if (!claim) return null
    this.waiting -= 1
    this.#claims.set(claim.request.id, claim)
    return claim.request.id
  }

  async finish(id: string, now: number): Promise<void> {
    const { lease, folder } = this.#take(id)
    const ended = await this.#store.finish(lease, {
      ...{ schema: 1, id, state: 'done', verdict: 'pass', level: 6, cause: null, tier: null, message: 'level 6' },
      ...{ finishedAt: new Date(now).toISOString(), folder, attempts: lease.attempt, teardown: 'clean' },
    })
    if (!ended) throw new InternalError('simulation-wrong', `${id} was another's`)
  }

  async lose(id: string, now: number): Promise<boolean> {
    const { lease } = this.#take(id)
    await this.#store.renew(lease, now, 0)
    const row = (await this.#store.expire(now)).find(({ request }) => request.id === id)
    if (!row) throw new InternalError('simulation-wrong', `${id} did not expire`)
    if (row.state === 'queued') this.waiting += 1
    return row.state === 'queued'
  }

  #take(id: string): Claim {
    const claim = this.#claims.get(id)
    if (!claim) throw new InternalError('simulation-wrong', `${id} does not run`)
    this.#claims.delete(id)
    return claim
  }
}

function requestOf({ id, at, repo, pull, priority, memory }: Asked): RunRequest {
  return {
    ...{ schema: 1, id, attemptOf: null, at: new Date(at).toISOString(), priority, repository: repo },
    pull: pull === null ? null : { number: pull, headRef: 'change', baseRef: 'main', comment: null, author: null },
    ...{ commit: 'a'.repeat(40), base: 'auto', quick: false, memoryBytes: memory, deadlineMs: 3_600_000 },
  }
}
