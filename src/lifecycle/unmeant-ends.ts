import { mayComplete } from '../engine/convergence/ends.ts'
import { currentTasks, type SeenTask, type Snapshot } from '../engine/convergence/snapshot.ts'
import type { ServiceState } from '../engine/types.ts'
import type { RunEvent } from '../verdict/events.ts'

/** A first boot may lose a race once, which is told. The second end is a habit; so is the first once the tier that deployed is over. */
const ENDS = 2
const CONVERGED = 'every service converged'

interface Span {
  readonly from: number
  readonly to: number
}

/** A service whose program ended though nobody asked it to, after it had come up. */
export interface UnmeantEnds {
  readonly service: string
  readonly tasks: readonly SeenTask[]
  /** False: told, but no reason to fail. */
  readonly decisive: boolean
  readonly message: string
}

/**
 * What ended since the last deployment had converged. Ends within a restore are not counted, nor those within a backup that runs
 * hooks (`hooked`) or while a killed container is replaced: they may be meant. After a kill another service may end once, late, for want of
 * what was killed.
 */
export function unmeantEnds(snapshot: Snapshot, events: readonly RunEvent[], hooked: boolean): UnmeantEnds[] {
  const spans = meantSpans(events, hooked)
  const { since, settled } = lastDeployment(events)
  const killed = firstKill(events)
  return snapshot.services
    .filter(({ replicas }) => replicas !== 0)
    .flatMap((service) => {
      const tasks = endedTasks(snapshot, service, { since, spans })
      if (tasks.length === 0) return []
      const habit = ({ since }: SeenTask) => Date.parse(since) >= settled && Date.parse(since) < killed
      const decisive = tasks.length >= ENDS || tasks.some(habit)
      const codes = tasks.map(({ exitCode }) => exitCode ?? '?').join(', ')
      const often = tasks.length === 1 ? 'once' : `${tasks.length} times`
      const message = `${service.service} ended ${often} after it had come up (exit code ${codes})`
      return [{ service: service.service, tasks, decisive, message }]
    })
}

function endedTasks(
  snapshot: Snapshot,
  service: ServiceState,
  { since, spans }: { since: number; spans: readonly Span[] },
): readonly SeenTask[] {
  return currentTasks(snapshot, service).filter((task) => {
    if (task.state !== 'failed' && (task.state !== 'complete' || mayComplete(service))) return false
    const at = Date.parse(task.since)
    return at >= since && !spans.some(({ from, to }) => at >= from && at <= to)
  })
}

/** When the last deployment had come up, and when its tier was over. */
function lastDeployment(events: readonly RunEvent[]): { since: number; settled: number } {
  const deploys = (tier: string) => tier === 'install' || tier === 'upgrade'
  const up = events.findLast((event) => event.type === 'check' && event.name === CONVERGED && deploys(event.tier))
  const at = (event: RunEvent | undefined) => (event ? Date.parse(event.at) : Number.POSITIVE_INFINITY)
  const over = events.find(({ type, seq }) => type === 'tier.ended' && seq > (up?.seq ?? 0))
  return { since: at(up), settled: at(over) }
}

/** Of the events of the tier that kills. */
function isKill(event: RunEvent): boolean {
  return (
    event.type === 'operation.started' &&
    event.tier === 'resilience' &&
    /^(kill |restart the engine$)/.test(event.operation)
  )
}

function firstKill(events: readonly RunEvent[]): number {
  const kill = events.find(isKill)
  return kill ? Date.parse(kill.at) : Number.POSITIVE_INFINITY
}

/** After a restore the app may need another start, which its own tier waits for; so does a kill until all have converged again. */
function meantSpans(events: readonly RunEvent[], hooked: boolean): Span[] {
  return events.flatMap((event) => {
    if (event.type !== 'operation.started') return []
    if (event.tier !== 'restore' && !(hooked && event.tier === 'backup') && !isKill(event)) return []
    const ends = (next: RunEvent) =>
      event.tier === 'restore' ? next.type === 'check' && next.name === CONVERGED : next.type === 'operation.ended'
    const end = events.find((next) => next.seq > event.seq && ends(next))
    return [{ from: Date.parse(event.at), to: end ? Date.parse(end.at) : Number.POSITIVE_INFINITY }]
  })
}
