/** A queued run as the choice sees it. */
export interface QueuedCandidate {
  readonly id: string
  /** Lower case. */
  readonly repo: string
  readonly pull: number | null
  /** Less is served first. */
  readonly priority: number
  /** Epoch ms. */
  readonly at: number
  readonly memory: number
  /** Runs of its repository that are running now, and when it last got a worker (epoch ms, 0: never). */
  readonly running: number
  readonly lastTurn: number
}

/** What one worker may hold in all, and what of it is free. */
export interface WorkerRoom {
  readonly worker: string
  readonly memoryBytes: number
  readonly freeBytes: number
}

/** What a choice is made for. */
export interface Choice {
  readonly room: WorkerRoom
  /** The other workers that are here. Default: there are none. */
  readonly others?: readonly WorkerRoom[]
  readonly now: number
  /** `pullKey`s that have an active run. */
  readonly busy?: ReadonlySet<string>
}

/**
 * How long smaller runs may go before a larger one that is next but fits nowhere. Past it one worker is kept for the large one: the one that
 * lacks least is given nothing else until enough has ended there, so that no run waits for more than this and the longest runs of a worker. All
 * other workers go on.
 */
export const PATIENCE_MS = 10 * 60_000

/**
 * The run that a worker gets: priority, then the repository with the fewest running, then the one whose turn is longest ago, then age. What
 * wants more than the worker ever has is not for this worker.
 */
export function pickNextRun(
  candidates: readonly QueuedCandidate[],
  { room, others = [], now, busy = new Set() }: Choice,
): QueuedCandidate | null {
  const able = candidates
    .filter((run) => run.memory <= room.memoryBytes)
    .filter((run) => run.pull === null || !busy.has(pullKey(run.repo, run.pull)))
    .sort(before)
  const keepers = [room, ...others].sort(mostFree)
  for (const run of able) {
    if (run.memory <= room.freeBytes) return run
    if (now - run.at < PATIENCE_MS) continue
    const at = keepers.findIndex(({ memoryBytes }) => run.memory <= memoryBytes)
    const [keeper] = keepers.splice(at, at < 0 ? 0 : 1)
    if (keeper === room) return null
  }
  return null
}

export function pullKey(repo: string, pull: number): string {
  return `${repo}#${pull}`
}

function before(a: QueuedCandidate, b: QueuedCandidate): number {
  return (
    a.priority - b.priority ||
    a.running - b.running ||
    a.lastTurn - b.lastTurn ||
    a.at - b.at ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

function mostFree(a: WorkerRoom, b: WorkerRoom): number {
  return b.freeBytes - a.freeBytes || (a.worker < b.worker ? -1 : 1)
}
