import type { Logger } from 'pino'
import { exportResult } from '../../history/attribution/recorded.ts'
import type { Clock } from '../../lib/async/clock.ts'
import { debugLog } from '../../lib/debug.ts'
import { discardRun, runFolder } from '../../lifecycle/run-folder.ts'
import { FencedError } from '../contract/errors.ts'
import { type Assignment, CANCELLED, type ClaimBody, type Dispatch, LEASE } from '../contract/protocol.ts'
import type { RunRequest } from '../contract/request.ts'
import type { Publisher } from '../contract/services.ts'
import type { Claim, Lease, Store } from '../contract/store.ts'
import { outcomeOf } from './outcome.ts'
import { writePiece } from './uploaded-files.ts'

const debug = debugLog('queue')

export interface DispatcherDeps {
  readonly store: Store
  readonly state: string
  /** Writes a git bundle to `file`: the commit, its base branch and all tags. */
  readonly bundle: (request: RunRequest, file: string, signal: AbortSignal) => Promise<void>
  /** URL of a repository as the results name it, without credentials. */
  readonly origin: (repository: string) => string
  readonly approvedIn: (origin: string) => Pick<Assignment, 'approvedCommits' | 'approvedTrees'>
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly clock: Clock
  readonly log: Logger
  readonly leaseMs?: number
}

export interface Dispatcher {
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
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  return {
    embedded: (worker) => dispatchFor(deps, worker, true),
    remote: (worker) => dispatchFor(deps, worker, false),
    heldBy: (lease) => heldBy(deps, lease),
  }
}

function dispatchFor(deps: DispatcherDeps, worker: string, sharesFolder: boolean): Dispatch {
  const { store, state, clock, leaseMs = LEASE.ms } = deps
  return {
    sharesFolder,
    claim: (body, signal) => claim(deps, worker, body, signal),
    async source(assignment, file, signal) {
      await assertHolds(store, assignment)
      await deps.bundle(assignment.request, file, signal)
    },
    async renew(assignment) {
      const renewed = await store.renew(leaseOf(assignment), clock.now(), leaseMs)
      if (renewed === 'fenced') throw new FencedError(assignment.request.id)
      return { leaseMs, cancel: renewed.cancel }
    },
    async put(assignment, path, offset, bytes) {
      await assertMayWrite(deps, assignment)
      return { size: await writePiece({ dir: runFolder(state, assignment.folder).dir, path, offset, bytes }) }
    },
    finish: (assignment, body) => finish(deps, assignment, body),
    async teardown(assignment, { teardown }) {
      if (await store.tornDown(leaseOf(assignment), teardown)) return changed(deps, assignment.request.id)
      await assertEnded(store, assignment)
    },
    async release(assignment) {
      await assertHolds(store, assignment)
      discardRun(runFolder(state, assignment.folder))
      if (!(await store.release(leaseOf(assignment)))) throw new FencedError(assignment.request.id)
      debug('run released', { run: assignment.request.id, worker, attempt: assignment.attempt })
      await changed(deps, assignment.request.id)
    },
  }
}

/** Waits for a run as long as the worker allows. A claim whose request was aborted meanwhile is released. */
async function claim(
  deps: DispatcherDeps,
  worker: string,
  { waitMs, trouble, ...free }: ClaimBody,
  signal: AbortSignal,
): Promise<Assignment | null> {
  const { store, clock, leaseMs = LEASE.ms } = deps
  const capacity = { worker, ...free, ...(trouble === undefined ? {} : { unavailableReason: trouble }) }
  await store.seenWorker(capacity, clock.now())
  if (trouble !== undefined) return null
  const until = performance.now() + waitMs
  while (!signal.aborted) {
    const claimed = await store.claim(capacity, clock.now(), leaseMs)
    if (claimed && signal.aborted) {
      await store.release(claimed.lease)
      return null
    }
    if (claimed) {
      const assigned = await assignOrRelease(deps, claimed)
      debug('run assigned', { run: claimed.request.id, worker, attempt: claimed.lease.attempt })
      await changed(deps, claimed.request.id)
      return assigned
    }
    const left = until - performance.now()
    if (left <= 0) return null
    await store.changed(Math.min(left, 5000), signal, 'queue').catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
  return null
}

/** Releases the claim where the assignment cannot be made: otherwise the lease would block the run until it expires. */
async function assignOrRelease(deps: DispatcherDeps, claimed: Claim): Promise<Assignment> {
  try {
    return { ...(await assign(deps, claimed)), ...recordedFor(deps.state, claimed.request) }
  } catch (error) {
    await deps.store.release(claimed.lease)
    throw error
  }
}

async function assign(deps: DispatcherDeps, { lease, request, folder }: Claim): Promise<Assignment> {
  const origin = deps.origin(request.repository)
  const { attempt, token } = lease
  return { request, attempt, token, folder, leaseMs: deps.leaseMs ?? LEASE.ms, origin, ...deps.approvedIn(origin) }
}

/** The recorded old result of an attribution, sent with the assignment only: later calls do not need it. */
function recordedFor(state: string, { why }: RunRequest): Pick<Assignment, 'recorded'> {
  return why ? { recorded: exportResult(runFolder(state, why.baseline).results) } : {}
}

async function heldBy(deps: DispatcherDeps, lease: Lease): Promise<Assignment> {
  const row = await deps.store.run(lease.run)
  if (row?.attempt !== lease.attempt) throw new FencedError(lease.run)
  return assign(deps, { lease, request: row.request, folder: row.folder, leaseUntil: row.leaseUntil ?? '' })
}

async function finish(
  deps: DispatcherDeps,
  assignment: Assignment,
  body: Parameters<Dispatch['finish']>[1],
): Promise<void> {
  const { store, state, clock } = deps
  const { request, attempt, folder: runId } = assignment
  if (!(await store.holds(leaseOf(assignment)))) return assertEnded(store, assignment)
  const row = await store.run(request.id)
  const folder = runFolder(state, runId)
  const { id } = request
  const cancelReason = row?.cancelReason ?? null
  const isWhy = request.why !== undefined
  const outcome = await outcomeOf({ id, attempt, runId, folder, body, cancelReason, isWhy, now: clock.now() })
  if (!(await store.finish(leaseOf(assignment), outcome))) return assertEnded(store, assignment)
  debug('run finished', { run: id, attempt, verdict: outcome.verdict })
  await changed(deps, id)
}

/** A call that came a second time, its first answer lost, is no error: the run has ended in that very attempt. */
async function assertEnded(store: Store, assignment: Assignment): Promise<void> {
  const row = await store.run(assignment.request.id)
  const same = row?.attempt === assignment.attempt && row.folder === assignment.folder
  if (!same || row.outcome === null) throw new FencedError(assignment.request.id)
}

async function assertHolds(store: Store, assignment: Assignment): Promise<void> {
  if (!(await store.holds(leaseOf(assignment)))) throw new FencedError(assignment.request.id)
}

/** The holder, or one that was cancelled and brings what the run leaves behind: until it has told of the teardown, and no longer than agreed. */
async function assertMayWrite({ store, clock }: DispatcherDeps, assignment: Assignment): Promise<void> {
  if (await store.holds(leaseOf(assignment))) return
  const outcome = await store.endedBy(leaseOf(assignment))
  const isLate = outcome?.state === 'cancelled' && outcome.teardown === 'unknown'
  if (!isLate || clock.now() - Date.parse(outcome.finishedAt) > CANCELLED.filesMs)
    throw new FencedError(assignment.request.id)
}

/** The forge's view follows; a failed publication changes nothing of what has happened. */
async function changed({ store, publisher, log }: DispatcherDeps, id: string): Promise<void> {
  try {
    const row = await store.run(id)
    if (row) await publisher.runChanged(row)
  } catch (err) {
    log.error({ err, run: id }, 'the answer to a run could not be brought up to date')
  }
}

function leaseOf({ request, attempt, token }: Assignment): Lease {
  return { run: request.id, attempt, token }
}
