import type { Engine } from '../engine/client.ts'
import { InfraError } from '../lib/errors.ts'
import type { App } from './deployer.ts'

/** The container of the newest running task. Throws InfraError `no-container`. */
export async function runningContainer(engine: Engine, app: App, service: string): Promise<string> {
  const found = await engine.service(`${app.stack}_${service}`)
  const tasks = found === null ? [] : await engine.tasks(app.stack)
  const running = tasks.filter(
    (task) => task.serviceId === found?.id && task.state === 'running' && task.desired === 'running',
  )
  const newest = running.findLast((task) => task.containerId !== null)
  if (newest?.containerId) return newest.containerId
  throw new InfraError('no-container', `no container of service ${service} runs`, {
    hint: 'Look at why its tasks end.',
  })
}
