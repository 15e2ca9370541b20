import { expectedServices, isCurrent, type ObservedTask, type StackSnapshot } from '../convergence/snapshot.ts'
import { endedByItself, exitSignOf } from '../convergence/task-exit.ts'
import { ENDS_PROGRAMS, explains, type Intervention, isNamed, mayFollow } from './interventions.ts'

/** The end of a program that had come up, which no spec asked for. Times in epoch ms by our clock. */
export interface Exit {
  readonly service: string
  readonly task: ObservedTask
  readonly at: number
  /** How long the program had run. */
  readonly ageMs: number
  /** Equal for ends of the same kind: state, exit code, error without ids. */
  readonly sign: string
  /** False: made from an older spec, the release before. */
  readonly current: boolean
  /** `own`: cc-ci ended it. `meant`: something that cc-ci did explains it. `unexpected`: nothing does. */
  readonly why: 'own' | 'meant' | 'unexpected'
}

/**
 * Every end of an expected service's program since the app was first up (`since`), oldest first. What started and ended while a deployment, or
 * what was killed, converged is a failed start, which convergence judges.
 */
export function exitsOf(
  snapshot: StackSnapshot,
  { since, spans }: { readonly since: number; readonly spans: readonly Intervention[] },
): Exit[] {
  const followed = new Set<string>()
  return expectedServices(snapshot)
    .filter(({ replicas }) => replicas !== 0)
    .flatMap((service) =>
      snapshot.tasks
        .filter((task) => task.serviceId === service.id && endedByItself(task, service))
        .map((task) => ({ service, task, at: snapshot.at - task.inStateMs, ageMs: ageOf(snapshot, task) })),
    )
    .filter((end) => end.at >= since && !isFailedStart(end, spans))
    .toSorted((a, b) => a.at - b.at)
    .map(({ service, task, at, ageMs }) => {
      const end = { service: service.service, at }
      return {
        ...end,
        task,
        ageMs,
        sign: exitSignOf(task),
        current: isCurrent(task, service),
        why: whyEnded(end, spans, followed),
      }
    })
}

/** What makes programs start, and lasts until they are up: what begins and ends within it was not ended by it. */
const STARTS: readonly Intervention['kind'][] = ['deploy', 'kill']

function isFailedStart({ at, ageMs }: { at: number; ageMs: number }, spans: readonly Intervention[]): boolean {
  return spans.some(({ kind, from, to }) => {
    return STARTS.includes(kind) && at - ageMs >= from && at <= (to ?? Number.POSITIVE_INFINITY)
  })
}

function whyEnded(
  end: { service: string; at: number },
  spans: readonly Intervention[],
  followed: Set<string>,
): Exit['why'] {
  const span = spans.find((one) => explains(one, end))
  if (span) return ENDS_PROGRAMS.includes(span.kind) && isNamed(span, end.service) ? 'own' : 'meant'
  const late = spans.findIndex((one) => mayFollow(one, end))
  const key = `${late} ${end.service}`
  if (late < 0 || followed.has(key)) return 'unexpected'
  followed.add(key)
  return 'meant'
}

/** By the engine's own clock; of a container that is gone, from the record of its task. */
function ageOf({ containers }: StackSnapshot, task: ObservedTask): number {
  const container = task.containerId === null ? undefined : containers.get(task.containerId)
  const [from, to] = [container?.startedAt ?? task.createdAt, container?.finishedAt ?? task.since]
  return Math.max(0, Date.parse(to) - Date.parse(from))
}

/** Two ages that are one habit: a timer, a leak, a limit. Scheduling and health probes move them a little. */
export function isSameAge(a: Exit, b: Exit): boolean {
  return a.sign === b.sign && Math.abs(a.ageMs - b.ageMs) <= Math.max(2_000, 0.15 * Math.max(a.ageMs, b.ageMs))
}
