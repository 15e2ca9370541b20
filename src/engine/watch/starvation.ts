import type { ForkRefusal } from '../../lib/process/fork-refusals.ts'
import { memoryLimitReached } from '../convergence/out-of-memory.ts'
import { processLimitReached } from '../convergence/out-of-processes.ts'
import type { Diagnosis, StackSnapshot } from '../convergence/snapshot.ts'
import type { ServiceState } from '../types.ts'

/** A service that met a limit which is not the recipe's, and which. */
export interface Starvation {
  readonly service: string
  readonly why: Pick<Diagnosis, 'code' | 'message' | 'hint'>
}

interface Signs {
  /** Epoch ms. What was before counts in a container that runs still: it continues without what it was denied. */
  readonly since: number
  /** When the engine told that the kernel killed a process for memory, by the container's id; epoch ms. */
  readonly killed: ReadonlyMap<string, number>
  readonly refused: readonly ForkRefusal[]
}

/** The first service of which the kernel killed a process for memory, or refused it one more process, at such a limit; null: none. */
export function starvationIn({ services, tasks, containers }: StackSnapshot, signs: Signs): Starvation | null {
  for (const service of services) {
    const seen = tasks.flatMap(({ serviceId, containerId: id }) =>
      serviceId === service.id && id !== null ? [{ id, ...containers.get(id) }] : [],
    )
    const why = [killed(service, seen, signs), refused(service, seen, signs)].find((one) => one !== null)
    if (why) return { service: service.service, why }
  }
  return null
}

interface SeenContainer {
  readonly id: string
  readonly state?: string
  readonly oomKilled?: boolean
  readonly finishedAt?: string | null
}

function killed(service: ServiceState, seen: readonly SeenContainer[], signs: Signs): Starvation['why'] | null {
  const why = memoryLimitReached(service)
  const hit = seen.some(({ id, state, oomKilled, finishedAt }) => {
    const at = signs.killed.get(id) ?? (oomKilled ? Date.parse(finishedAt ?? '') : Number.NaN)
    return counts(at, state, signs)
  })
  return hit && why.code === 'run-memory' ? why : null
}

function refused(service: ServiceState, seen: readonly SeenContainer[], signs: Signs): Starvation['why'] | null {
  const hit = seen.some(({ id, state }) =>
    signs.refused.some(({ at, group }) => group.includes(id) && counts(at, state, signs)),
  )
  return hit ? processLimitReached(service) : null
}

function counts(at: number, state: string | undefined, { since }: Signs): boolean {
  return at >= since || (at < since && state === 'running')
}
