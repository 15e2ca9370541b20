import { z } from 'zod'
import { type OnWaiting, type WaitResult, waitFor } from '../lib/async/wait.ts'
import { InfraError } from '../lib/errors.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { Engine } from './client.ts'
import { memoryLimitReached } from './convergence/out-of-memory.ts'
import { isOneShot } from './convergence/task-exit.ts'
import type { ServiceState, TaskState } from './types.ts'

export interface RunOnceOptions {
  /** Full name of the service. */
  readonly service: string
  readonly stack: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly onWaiting?: OnWaiting
}

/**
 * Starts a service that was deployed with `replicas: 0` and waits until its task completes. It keeps its replica, so that a completion
 * after the deadline is seen by the next convergence as what it is; one that failed gets its 0 back. Throws InfraError `no-one-shot` for a service that is not
 * there, runs already, or would be started again after its end.
 */
export async function runOnce(engine: Engine, options: RunOnceOptions): Promise<WaitResult<TaskState, Cause>> {
  const { service: name, stack, timeoutMs, signal, onWaiting } = options
  const service = await oneShot(engine, name)
  const before = new Set((await engine.tasks(stack)).map(({ id }) => id))
  await setReplicas(engine, name, 1)
  using watch = engine.events(stack)
  return waitFor<TaskState, Cause>(
    async () => {
      const tasks = (await engine.tasks(stack)).filter((task) => task.serviceId === service.id && !before.has(task.id))
      const done = tasks.find(({ state }) => state === 'complete')
      if (done) return { state: 'ready', value: done }
      const failed = tasks.filter(({ state }) => state === 'failed' || state === 'rejected')
      const last = failed.at(-1)
      if (last && failed.length > restarts(service)) {
        const cause = await failure(engine, service, last)
        await setReplicas(engine, name, 0)
        return { state: 'impossible', cause }
      }
      return { state: 'waiting', reason: `${service.service}: ${tasks.at(-1)?.state ?? 'no task yet'}` }
    },
    { wait: { id: 'one-shot', service: service.service }, timeoutMs, signal, onWaiting, wake: watch.wake },
  )
}

async function oneShot(engine: Engine, name: string): Promise<ServiceState> {
  const service = await engine.service(name)
  const refuse = (why: string) =>
    new InfraError('no-one-shot', why, {
      hint: 'runOnce starts a service that the recipe ships with `deploy.replicas: 0` and a restart policy of `none` or `on-failure`.',
    })
  if (!service) throw refuse(`there is no service ${name}`)
  if (service.replicas !== 0) {
    const ran = (await engine.tasks(name.slice(0, -service.service.length - 1))).some(
      (task) => task.serviceId === service.id && task.state === 'running',
    )
    if (service.replicas !== 1 || ran)
      throw refuse(`service ${service.service} has ${service.replicas} replicas, not 0`)
    await setReplicas(engine, name, 0)
  }
  if (!isOneShot(service)) throw refuse(`service ${service.service} would be started again whenever it ends`)
  return service
}

/** Often a one-shot fails until what it needs answers; without a limit of its own, the third failure is one. */
function restarts({ restartCondition, restartMaxAttempts }: ServiceState): number {
  return restartCondition === 'none' ? 0 : (restartMaxAttempts ?? 2)
}

async function failure(engine: Engine, service: ServiceState, task: TaskState): Promise<Cause> {
  const log = task.containerId
    ? await engine.containerLogs(task.containerId, { tail: 15, timeoutMs: 5000 }).catch(() => '')
    : ''
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  const container = task.containerId === null ? null : await engine.container(task.containerId).catch(() => null)
  if (container?.oomKilled) return outOfMemory(service, lines)
  const message = `${service.service} ended with exit code ${task.exitCode ?? '?'}${task.error ? `: ${task.error}` : ''}`
  return cause('one-shot-failed', message, { service: service.service, lines: lines.map((line) => `log: ${line}`) })
}

function outOfMemory(service: ServiceState, lines: readonly string[]): Cause {
  const { code, message, hint } = memoryLimitReached(service)
  const details = { service: service.service, lines: lines.map((line) => `log: ${line}`) }
  return cause(code, message, { ...details, ...(hint ? { hint } : {}) })
}

/** The engine refuses an update of a version that is not the newest: somebody was quicker, so look again. */
async function setReplicas(engine: Engine, name: string, replicas: number): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const found = await engine.connection.request('GET', `/services/${encodeURIComponent(name)}`, service.parse)
    const body = { ...found.Spec, Mode: { Replicated: { Replicas: replicas } } }
    try {
      const query = { version: found.Version.Index }
      await engine.connection.send('POST', `/services/${found.ID}/update`, { query, body })
      return
    } catch (error) {
      if (attempt === 3 || !/out of sequence/.test(String(error))) throw error
    }
  }
}

const service = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: z.record(z.string(), z.unknown()),
})
