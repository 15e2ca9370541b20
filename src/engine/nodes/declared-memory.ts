import { z } from 'zod'
import { listOf, stringMap } from '../answer.ts'
import type { Connection } from '../connection.ts'

/** A task that is to run on a node, and the memory that its service declares. */
export interface DeclaredTask {
  readonly nodeId: string
  /** Null: of no stack. */
  readonly stack: string | null
  /** Its limit, else what it reserves; 0: it says nothing. */
  readonly bytes: number
}

const memory = z.object({ MemoryBytes: z.number().nullish() }).nullish()

const task = z
  .object({
    NodeID: z.string().nullish(),
    Spec: z.object({
      ContainerSpec: z.object({ Labels: stringMap }).nullish(),
      Resources: z.object({ Limits: memory, Reservations: memory }).nullish(),
    }),
  })
  .transform(({ NodeID, Spec }): DeclaredTask => {
    const { Limits, Reservations } = Spec.Resources ?? {}
    return {
      nodeId: NodeID ?? '',
      stack: Spec.ContainerSpec?.Labels['com.docker.stack.namespace'] ?? null,
      bytes: Limits?.MemoryBytes || Reservations?.MemoryBytes || 0,
    }
  })

/** Every task of the Swarm that is to run, whoever deployed it. */
export async function declaredTasks(manager: Connection): Promise<DeclaredTask[]> {
  const filters = { 'desired-state': ['running'] }
  const found = await manager.request('GET', '/tasks', listOf(task.parse), { filters })
  return found.filter(({ nodeId }) => nodeId !== '')
}
