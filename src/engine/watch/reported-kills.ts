import type { StackSnapshot } from '../convergence/snapshot.ts'
import type { ContainerState } from '../types.ts'

/** 128 and SIGKILL. */
const KILLED = 137
/** Between the kernel's kill and what the engine says of both; a kill of something else, earlier, is none of this end. */
const APART_MS = 5_000

/**
 * What was seen, with the flag for want of memory on containers of which the engine told a kill as they ended. A busy engine may be late for the flag: it
 * takes the end of the container before the event, which comes all the same. `heard`: by the container's id, epoch ms.
 */
export function withReportedKills(snapshot: StackSnapshot, heard: ReadonlyMap<string, number>): StackSnapshot {
  const missed = [...snapshot.containers].filter(([id, container]) => endedBy(container, heard.get(id)))
  if (missed.length === 0) return snapshot
  const flagged = missed.map(([id, container]) => [id, { ...container, oomKilled: true }] as const)
  return { ...snapshot, containers: new Map([...snapshot.containers, ...flagged]) }
}

function endedBy({ state, exitCode, oomKilled, finishedAt }: ContainerState, heardAt: number | undefined): boolean {
  if (heardAt === undefined || oomKilled || state === 'running' || exitCode !== KILLED) return false
  return Math.abs(Date.parse(finishedAt ?? '') - heardAt) <= APART_MS
}
