import { z } from 'zod'
import { specHash, templateHash, unplacedHash } from './spec-hash.ts'
import type { TaskState } from './types.ts'

const text = z.string().nullish()

const schema = z.object({
  ID: z.string(),
  ServiceID: text,
  Slot: z.number().nullish(),
  NodeID: text,
  CreatedAt: z.string(),
  DesiredState: text,
  JobIteration: z.object({ Index: z.number().nullish() }).nullish(),
  Spec: z.looseObject({ ContainerSpec: z.looseObject({ Image: text }).nullish() }),
  Status: z.object({
    State: z.string(),
    Timestamp: text,
    Message: text,
    Err: text,
    ContainerStatus: z.object({ ContainerID: text, ExitCode: z.number().nullish() }).nullish(),
  }),
})

/** A task of the engine's answer as our type. */
export function parseTask(answer: unknown): TaskState {
  const { Status, Spec, ...task } = schema.parse(answer)
  return {
    id: task.ID,
    serviceId: task.ServiceID ?? '',
    slot: task.Slot ?? null,
    nodeId: task.NodeID || null,
    state: Status.State as TaskState['state'],
    desired: task.DesiredState ?? '',
    message: Status.Message ?? '',
    error: Status.Err ?? '',
    containerId: Status.ContainerStatus?.ContainerID || null,
    exitCode: Status.ContainerStatus?.ExitCode ?? null,
    createdAt: task.CreatedAt,
    since: Status.Timestamp ?? task.CreatedAt,
    image: Spec.ContainerSpec?.Image ?? '',
    specHash: specHash(Spec),
    templateHash: templateHash(Spec),
    unplacedHash: unplacedHash(Spec),
    jobRound: task.JobIteration ? (task.JobIteration.Index ?? 0) : null,
  }
}
