import { EDGE_LABELS } from '../../edge/address.ts'
import { RUN_LABEL, STACK_LABEL } from '../../engine/client.ts'
import type { ContainerState, TaskState } from '../../engine/types.ts'

/** The names of what runs on an engine besides one run and the edge; a restart would take it down too. */
export function foreignContainers(
  containers: readonly Pick<ContainerState, 'name' | 'state' | 'labels'>[],
  own: { readonly stack: string; readonly runId: string },
): string[] {
  return containers
    .filter(({ state, labels }) => {
      const ours = labels[STACK_LABEL] === own.stack || labels[RUN_LABEL] === own.runId
      return state === 'running' && !ours && labels[EDGE_LABELS.role] !== 'edge'
    })
    .map(({ name }) => name)
}

/** A fresh engine repeats for a moment what it knew before: tasks that it calls running whose containers do not run. */
export function staleTasks(
  tasks: readonly TaskState[],
  containers: readonly Pick<ContainerState, 'id' | 'state'>[],
): string[] {
  const running = new Set(containers.filter(({ state }) => state === 'running').map(({ id }) => id))
  return tasks
    .filter(({ state, containerId }) => state === 'running' && containerId !== null && !running.has(containerId))
    .map(({ id }) => id)
}
