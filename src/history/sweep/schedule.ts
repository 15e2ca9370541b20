/** What is declared of a cell that waits or runs. */
export interface Load {
  readonly index: number
  readonly memoryBytes: number
  /** What is left of it, in ms; null: nobody knows. */
  readonly expectedMs: number | null
}

export interface Bounds {
  readonly memoryBytes: number
  readonly jobs: number
}

/**
 * The cells to begin now, so that all that run together stay within the bounds: the largest first, because what is left for small ones at the end is
 * always there; among equals the longest. What does not fit waits, and smaller ones may go before it.
 */
export function nextCells(waiting: readonly Load[], running: readonly Load[], bounds: Bounds): Load[] {
  let free = bounds.memoryBytes - sum(running)
  let jobs = bounds.jobs - running.length
  const chosen: Load[] = []
  for (const load of [...waiting].sort(largestFirst)) {
    if (jobs <= 0) break
    if (load.memoryBytes > free) continue
    chosen.push(load)
    free -= load.memoryBytes
    jobs -= 1
  }
  return chosen
}

/**
 * How long all of it will take, in ms: the schedule played with what earlier runs took, and with `otherwise` where there was none. Null where nothing at all
 * is known.
 */
export function remainingMs(
  waiting: readonly Load[],
  running: readonly Load[],
  bounds: Bounds,
  otherwise: number | null,
): number | null {
  const lengthOf = ({ expectedMs }: Load) => expectedMs ?? otherwise
  if ([...waiting, ...running].some((load) => lengthOf(load) === null)) return null
  let now = 0
  let left = [...waiting]
  let going = running.map((load) => ({ load, until: lengthOf(load) ?? 0 }))
  while (left.length > 0 || going.length > 0) {
    const next = nextCells(
      left,
      going.map(({ load }) => load),
      bounds,
    )
    if (next.length === 0 && going.length === 0) return null
    left = left.filter((load) => !next.includes(load))
    going.push(...next.map((load) => ({ load, until: now + (lengthOf(load) ?? 0) })))
    now = Math.max(now, Math.min(...going.map(({ until }) => until)))
    going = going.filter(({ until }) => until > now)
  }
  return now
}

function largestFirst(a: Load, b: Load): number {
  return b.memoryBytes - a.memoryBytes || (b.expectedMs ?? 0) - (a.expectedMs ?? 0) || a.index - b.index
}

function sum(loads: readonly Load[]): number {
  return loads.reduce((total, { memoryBytes }) => total + memoryBytes, 0)
}
