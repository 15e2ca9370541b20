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

export interface FreeCapacity {
  readonly memoryBytes: number
  readonly freeBytes: number
}

/**
 * How long smaller runs may go before a larger one that is next but does not fit what is free. Past it the worker is kept for the large one:
 * nothing else is given out until enough has ended, so a large run waits for at most this and the longest run of its worker.
 */
export const PATIENCE_MS = 10 * 60_000

/**
 * The run that a worker gets: priority, then the repository with the fewest running, then the one whose turn is longest ago, then age. What
 * wants more than the worker ever has is not for this worker. `busy` holds `pullKey`s that have an active run.
 */
export function pickNextRun(
  candidates: readonly QueuedCandidate[],
  room: FreeCapacity,
  now: number,
  busy: ReadonlySet<string> = new Set(),
): QueuedCandidate | null {
  const able = candidates
    .filter((run) => run.memory <= room.memoryBytes)
    .filter((run) => run.pull === null || !busy.has(pullKey(run.repo, run.pull)))
    .sort(before)
  const next = able[0]
  if (!next) return null
  if (next.memory <= room.freeBytes) return next
  if (now - next.at >= PATIENCE_MS) return null
  return able.find((run) => run.memory <= room.freeBytes) ?? null
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
