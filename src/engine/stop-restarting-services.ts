import { waitFor } from '../lib/async/wait.ts'
import type { Engine } from './client.ts'
import { slotOf } from './convergence/snapshot.ts'
import { isJob } from './convergence/task-exit.ts'
import { stop, stopAgain } from './stop-services.ts'
import type { TaskState } from './types.ts'

/** Where a slot has so many tasks the engine forgets, or soon will, one for each new one: by default it keeps five. */
const MANY_TASKS = 4

/**
 * Ends the restarts of services that end again and again, so that they can be removed. dockerd 20.10 dies when a service is removed in the
 * moment in which the engine forgets one of its old tasks (swarmkit, orchestrator.SetServiceTasksRemove: a task that is no longer in the store is
 * read), and every app of the machine ends with it. Where nothing is started any more, nothing is forgotten. What it cannot do in time is no
 * reason not to remove them.
 */
export async function stopRestartingServices(engine: Engine, stack: string, timeoutMs: number): Promise<void> {
  const [services, tasks] = await Promise.all([engine.services(stack), engine.tasks(stack)])
  const restless = services.filter(
    (service) => service.replicas !== 0 && !isJob(service) && mostInASlot(tasks, service.id) >= MANY_TASKS,
  )
  if (restless.length === 0) return
  for (const { id } of restless) await stop(engine, await engine.objects.rawService(id))
  const ids = new Set(restless.map(({ id }) => id))
  const insist = stopAgain(engine, ids)
  await waitFor<true, never>(
    async () => {
      const now = await engine.tasks(stack)
      const left = now.filter((task) => ids.has(task.serviceId) && task.desired !== 'shutdown')
      await insist(now)
      if (left.length === 0) return { state: 'ready', value: true }
      return { state: 'waiting', reason: `${left.length} tasks are to end` }
    },
    { name: `the restarts of stack ${stack} to end`, timeoutMs, everyMs: 200 },
  )
}

function mostInASlot(tasks: readonly TaskState[], serviceId: string): number {
  const counts = new Map<string, number>()
  for (const task of tasks) {
    if (task.serviceId !== serviceId) continue
    counts.set(slotOf(task), (counts.get(slotOf(task)) ?? 0) + 1)
  }
  return Math.max(0, ...counts.values())
}
