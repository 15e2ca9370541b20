import type { Logger } from 'pino'
import { broughtBy } from '../../history/attribution/recorded.ts'
import type { Clock } from '../../lib/clock.ts'
import { discardRun, runFolder } from '../../lifecycle/run-folder.ts'
import { FencedError } from '../contract/errors.ts'
import { type Assignment, CANCELLED, type ClaimBody, type Dispatch, LEASE } from '../contract/protocol.ts'
import type { RunRequest } from '../contract/request.ts'
import type { Answers } from '../contract/services.ts'
import type { Claim, Lease, Store } from '../contract/store.ts'
import { outcomeOf } from './outcome.ts'
import { writePiece } from './uploaded-files.ts'

export interface DispatchParts {
  readonly store: Store
  readonly state: string
  /** Writes a git bundle to `file`: the commit, its base branch and all tags. */
  readonly bundle: (request: RunRequest, file: string, signal: AbortSignal) => Promise<void>
  /** URL of a repository as the results name it, without credentials. */
  readonly origin: (repository: string) => string
  readonly approvedIn: (origin: string) => Pick<Assignment, 'approvedCommits' | 'approvedTrees'>
  readonly answers: Pick<Answers, 'runChanged'>
  readonly clock: Clock
  readonly log: Logger
  readonly leaseMs?: number
}

export interface DispatchOffice {
  /** For the worker in the server's own process. */
  embedded(worker: string): Dispatch
  /** For a worker elsewhere, named by its token: its files come by `put`. */
  remote(worker: string): Dispatch
  /**
   * What a remote worker holds, from what its call names: the path's run and the header's attempt and token. Throws FencedError where that is not
   * the run's attempt; whether the token is the attempt's, the call itself finds out.
   */
  heldBy(lease: Lease): Promise<Assignment>
}

/** The server's side of the worker protocol. */
export function makeDispatch(parts: DispatchParts): DispatchOffice {
  return {
    embedded: (worker) => dispatchFor(parts, worker, true),
    remote: (worker) => dispatchFor(parts, worker, false),
    heldBy: (lease) => heldBy(parts, lease),
  }
}

function dispatchFor(parts: DispatchParts, worker: string, sharesFolder: boolean): Dispatch {
  const { store, state, clock, leaseMs = LEASE.ms } = parts
  return {
    sharesFolder,
    claim: (body, signal) => claim(parts, worker, body, signal),
    async source(held, file, signal) {
      await assertHolds(store, held)
      await parts.bundle(held.request, file, signal)
    },
    async renew(held) {
      const renewed = await store.renew(leaseOf(held), clock.now(), leaseMs)
      if (renewed === 'fenced') throw new FencedError(held.request.id)
      return { leaseMs, cancel: renewed.cancel }
    },
    async put(held, path, offset, bytes) {
      await assertMayWrite(parts, held)
      return { size: await writePiece({ dir: runFolder(state, held.folder).dir, path, offset, bytes }) }
    },
    finish: (held, body) => finish(parts, held, body),
    async teardown(held, { teardown }) {
      if (await store.tornDown(leaseOf(held), teardown)) return changed(parts, held.request.id)
      await assertEnded(store, held)
    },
    async release(held) {
      await assertHolds(store, held)
      discardRun(runFolder(state, held.folder))
      if (!(await store.release(leaseOf(held)))) throw new FencedError(held.request.id)
      await changed(parts, held.request.id)
    },
  }
}

/** Waits for something to do as long as the worker lets us. An assignment that nobody waits for any more is given back. */
async function claim(
  parts: DispatchParts,
  worker: string,
  { waitMs, ...free }: ClaimBody,
  signal: AbortSignal,
): Promise<Assignment | null> {
  const { store, clock, leaseMs = LEASE.ms } = parts
  const capacity = { worker, ...free }
  await store.seenWorker(capacity, clock.now())
  if (free.trouble !== undefined) return null
  const until = performance.now() + waitMs
  while (!signal.aborted) {
    const claimed = await store.claim(capacity, clock.now(), leaseMs)
    if (claimed && signal.aborted) {
      await store.release(claimed.lease)
      return null
    }
    if (claimed) {
      const assigned = await assignOrGiveBack(parts, claimed)
      await changed(parts, claimed.request.id)
      return assigned
    }
    const left = until - performance.now()
    if (left <= 0) return null
    await store.changed(Math.min(left, 5000), signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
  return null
}

/** What keeps an assignment from being made is not the run's fault: nobody would ever work under this lease. */
async function assignOrGiveBack(parts: DispatchParts, claimed: Claim): Promise<Assignment> {
  try {
    return { ...(await assign(parts, claimed)), ...recordedFor(parts.state, claimed.request) }
  } catch (error) {
    await parts.store.release(claimed.lease)
    throw error
  }
}

async function assign(parts: DispatchParts, { lease, request, folder }: Claim): Promise<Assignment> {
  const origin = parts.origin(request.repository)
  const { attempt, token } = lease
  return { request, attempt, token, folder, leaseMs: parts.leaseMs ?? LEASE.ms, origin, ...parts.approvedIn(origin) }
}

/** What an attribution is told of its old end, with the assignment alone: the calls that follow need it no more. */
function recordedFor(state: string, { why }: RunRequest): Pick<Assignment, 'recorded'> {
  return why ? { recorded: broughtBy(runFolder(state, why.baseline).results) } : {}
}

async function heldBy(parts: DispatchParts, lease: Lease): Promise<Assignment> {
  const row = await parts.store.run(lease.run)
  if (row?.attempt !== lease.attempt) throw new FencedError(lease.run)
  return assign(parts, { lease, request: row.request, folder: row.folder, leaseUntil: row.leaseUntil ?? '' })
}

async function finish(parts: DispatchParts, held: Assignment, body: Parameters<Dispatch['finish']>[1]): Promise<void> {
  const { store, state, clock } = parts
  const { request, attempt, folder: runId } = held
  if (!(await store.holds(leaseOf(held)))) return assertEnded(store, held)
  const row = await store.run(request.id)
  const folder = runFolder(state, runId)
  const { id } = request
  const cancelReason = row?.cancelReason ?? null
  const isWhy = request.why !== undefined
  const outcome = await outcomeOf({ id, attempt, runId, folder, body, cancelReason, isWhy, now: clock.now() })
  if (!(await store.finish(leaseOf(held), outcome))) return assertEnded(store, held)
  await changed(parts, id)
}

/** A call that came a second time, its first answer lost, is no error: the run has ended in that very attempt. */
async function assertEnded(store: Store, held: Assignment): Promise<void> {
  const row = await store.run(held.request.id)
  const same = row?.attempt === held.attempt && row.folder === held.folder
  if (!same || row.outcome === null) throw new FencedError(held.request.id)
}

async function assertHolds(store: Store, held: Assignment): Promise<void> {
  if (!(await store.holds(leaseOf(held)))) throw new FencedError(held.request.id)
}

/** The holder, or one that was cancelled and brings what the run leaves behind: until it has told of the teardown, and no longer than agreed. */
async function assertMayWrite({ store, clock }: DispatchParts, held: Assignment): Promise<void> {
  if (await store.holds(leaseOf(held))) return
  const outcome = await store.endedBy(leaseOf(held))
  const isLate = outcome?.state === 'cancelled' && outcome.teardown === 'unknown'
  if (!isLate || clock.now() - Date.parse(outcome.finishedAt) > CANCELLED.filesMs)
    throw new FencedError(held.request.id)
}

/** The forge's view follows; that it could not be told yet undoes nothing of what has happened. */
async function changed({ store, answers, log }: DispatchParts, id: string): Promise<void> {
  try {
    const row = await store.run(id)
    if (row) await answers.runChanged(row)
  } catch (err) {
    log.error({ err, run: id }, 'the answer to a run could not be brought up to date')
  }
}

function leaseOf({ request, attempt, token }: Assignment): Lease {
  return { run: request.id, attempt, token }
}
