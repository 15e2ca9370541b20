import { type Clock, systemClock } from '../lib/async/clock.ts'
import { type WaitOptions, waitFor } from '../lib/async/wait.ts'
import { InfraError } from '../lib/errors.ts'
import type { Engine } from './client.ts'
import { isTerminal } from './convergence/snapshot.ts'
import { isJob, isOneShot } from './convergence/task-exit.ts'
import type { RawService } from './objects.ts'
import type { ServiceState, TaskState } from './types.ts'

export interface StopOptions {
  readonly stack: string
  /** How long their programs may take to end, and one-shots to begin again. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly clock?: Clock
  readonly wake?: WaitOptions['wake']
  readonly onWaiting?: WaitOptions['onWaiting']
}

/** Services without a container. `start` gives the engine the very spec back that each had: a redeploy finds nothing to change. */
export interface StoppedServices {
  readonly services: readonly string[]
  start(): Promise<void>
}

/** No node has this name: where a global service runs nowhere. */
const NOWHERE = 'node.hostname == cc-ci-nowhere'

/**
 * Ends every program of these services as the engine ends one, and resolves when none runs. What fails on the way is started again. A job is
 * only started over by `start`: nobody keeps it running. Throws InfraError `services-not-stopped` when one continues after the deadline.
 */
export async function stopServices(
  engine: Engine,
  services: readonly ServiceState[],
  options: StopOptions,
): Promise<StoppedServices> {
  const wanted = services.filter(({ replicas }) => replicas !== 0)
  const raw = await Promise.all(wanted.map(({ id }) => engine.objects.rawService(id)))
  const before = new Set((await engine.tasks(options.stack)).map(({ id }) => id))
  const start = async () => {
    for (const { id, spec } of raw) await engine.objects.updateService(id, spec)
    await begunAnew(engine, wanted.filter(isOneShot), before, options)
  }
  try {
    for (const one of raw) await stop(engine, one)
    await ended(engine, wanted, options)
  } catch (error) {
    // The first error is the one that tells; whatever keeps the services from their specs keeps the next step from them too.
    await Promise.allSettled(raw.map(({ id, spec }) => engine.objects.updateService(id, spec)))
    throw error
  }
  return { services: wanted.map(({ service }) => service), start }
}

/** Asks the engine to run nothing of a service, as often as one likes. A job is left as it is. */
export async function stop(engine: Engine, { id, spec }: RawService): Promise<void> {
  const { Mode: mode, TaskTemplate: template } = spec
  if (mode.Replicated)
    return engine.objects.updateService(id, { ...spec, Mode: { Replicated: { ...mode.Replicated, Replicas: 0 } } })
  if (!mode.Global) return
  const placement = template.Placement ?? {}
  const constraints = [...new Set([...(placement.Constraints ?? []), NOWHERE])]
  const elsewhere = { ...template, Placement: { ...placement, Constraints: constraints } }
  await engine.objects.updateService(id, { ...spec, TaskTemplate: elsewhere })
}

/** How long the engine gets to heed a stop before it is asked again. */
const UNHEEDED_MS = 2000

/**
 * For whoever waits for stopped services to end: call the result with each look at the tasks. It asks once more for services of which tasks are
 * still meant to run. The engine can lose a stop: dockerd 20.10 replaces a task that fails in the moment of the update, and keeps restarting it
 * with no replica wanted (seen with 1 of 40 services that end at once, for as long as one looked). The same spec again makes it count its tasks again.
 */
export function stopAgain(
  engine: Engine,
  ids: ReadonlySet<string>,
  clock: Clock = systemClock,
): (tasks: readonly TaskState[]) => Promise<void> {
  let requestedAt = clock.now()
  return async (tasks) => {
    const unheeded = new Set(
      tasks.filter((task) => ids.has(task.serviceId) && meantToRun(task)).map((t) => t.serviceId),
    )
    if (unheeded.size === 0 || clock.now() - requestedAt < UNHEEDED_MS) return
    for (const id of unheeded) await stop(engine, await engine.objects.rawService(id))
    requestedAt = clock.now()
  }
}

function meantToRun({ desired }: TaskState): boolean {
  return desired === 'running' || desired === 'ready'
}

async function ended(engine: Engine, services: readonly ServiceState[], options: StopOptions): Promise<void> {
  const stopped = services.filter((service) => !isJob(service))
  const runs =
    (tasks: readonly TaskState[]) =>
    ({ id }: ServiceState) =>
      tasks.some((task) => task.serviceId === id && task.containerId !== null && !isTerminal(task))
  const insist = stopAgain(engine, new Set(stopped.map(({ id }) => id)), options.clock)
  const result = await waitFor<true, never>(
    async () => {
      const tasks = await engine.tasks(options.stack)
      const left = stopped.filter(runs(tasks))
      await insist(tasks)
      if (left.length === 0) return { state: 'ready', value: true }
      return { state: 'waiting', reason: `${left.map(({ service }) => service).join(', ')} still runs` }
    },
    { ...options, wait: 'services-stopped' },
  )
  if (result.state === 'ready') return
  const seen = result.state === 'deadline' ? result.lastSeen : ''
  throw new InfraError('services-not-stopped', `not within ${options.timeoutMs} ms: ${seen}`, {
    hint: 'A program may ignore SIGTERM and have a very long `stop_grace_period`.',
  })
}

/** What ran to its end before would look done before it has begun again. What keeps it from beginning, convergence tells. */
async function begunAnew(
  engine: Engine,
  oneShots: readonly ServiceState[],
  before: ReadonlySet<string>,
  options: StopOptions,
): Promise<void> {
  if (oneShots.length === 0) return
  const begun =
    (tasks: readonly TaskState[]) =>
    ({ id }: ServiceState) =>
      tasks.some(
        (task) => task.serviceId === id && !before.has(task.id) && (task.state === 'running' || isTerminal(task)),
      )
  await waitFor<true, never>(
    async () => {
      const tasks = await engine.tasks(options.stack)
      const waiting = oneShots.filter((service) => !begun(tasks)(service))
      if (waiting.length === 0) return { state: 'ready', value: true }
      return { state: 'waiting', reason: waiting.map(({ service }) => service).join(', ') }
    },
    { ...options, wait: 'one-shots-begun' },
  )
}
