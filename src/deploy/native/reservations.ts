import { cpus, totalmem } from 'node:os'
import { parseBytes } from '../../recipe/compose/go-duration.ts'
import type { ComposeService } from '../../recipe/model.ts'
import type { NodeSize } from '../placement.ts'

type Reservations = Readonly<Record<string, unknown>>

/**
 * Without what the recipe has the scheduler set aside. It bounds nothing and gives a container nothing; it is only counted, and what one run had set
 * aside would be refused to the tasks of every other run, which would hear `no-suitable-node`. What a machine of this size never has stays: the task gets no node,
 * which is the truth, and takes nothing from anybody. Resources with names of the operator's own (`generic_resources`) stay as well.
 */
export function withoutReservations(
  name: string,
  service: ComposeService,
  accommodations: string[],
  node: NodeSize = { memoryBytes: totalmem(), processors: cpus().length },
): ComposeService {
  const { resources } = (service.deploy ?? {}) as { resources?: { readonly reservations?: Reservations } }
  const reserved = Object.entries(resources?.reservations ?? {})
  const dropped = reserved.filter(([kind, value]) => isThere(kind, value, node))
  if (dropped.length === 0) return service
  const shown = dropped.map(([kind, value]) => `${kind} ${value}`).join(', ')
  accommodations.push(
    `service ${name}: nothing set aside (reservations: ${shown}), because other runs share the machine`,
  )
  const reservations = Object.fromEntries(reserved.filter((entry) => !dropped.includes(entry)))
  return { ...service, deploy: { ...service.deploy, resources: { ...resources, reservations } } }
}

function isThere(kind: string, value: unknown, { memoryBytes, processors }: NodeSize): boolean {
  if (kind === 'memory') return (parseBytes(String(value)) ?? Number.POSITIVE_INFINITY) <= memoryBytes
  return kind === 'cpus' && Number(value) <= processors
}
