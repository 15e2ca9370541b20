import { existsSync } from 'node:fs'
import type { Engine } from '../../engine/client.ts'
import { isTerminal } from '../../engine/convergence/snapshot.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError } from '../../lib/errors.ts'
import type { App } from '../deployer.ts'
import type { AbraHome } from './home.ts'
import { type AbraProgram, callAbraOk } from './program.ts'

interface Undeploying {
  readonly home: AbraHome
  readonly program: AbraProgram
  readonly mask: (text: string) => string
  readonly timeoutMs: number
}

/**
 * Has abra undeploy the app, and waits until its services, tasks and containers are gone: abra returns before. Volumes and secrets stay. Nothing is done for an app that is
 * not deployed. Throws InfraError `deployer-failed`.
 */
export async function undeploy(
  engine: Engine,
  app: App,
  { home, program, mask, timeoutMs }: Undeploying,
): Promise<void> {
  if (!existsSync(home.envFile) || (await engine.services(app.stack)).length === 0) return
  await callAbraOk(program, 'undeploy', { dir: home.dir, args: [app.domain], timeoutMs, mask })
  const gone = await waitFor<true, never>(
    async () => {
      const left = await leftOf(engine, app)
      return left.length === 0 ? { state: 'ready', value: true } : { state: 'waiting', reason: left.join(', ') }
    },
    { name: `what abra undeployed of ${app.stack} to be gone`, timeoutMs, everyMs: 200 },
  )
  if (gone.state === 'ready') return
  const seen = gone.state === 'deadline' ? gone.lastSeen : ''
  throw new InfraError('deployer-failed', `abra app undeploy left, after ${Math.round(timeoutMs / 1000)} s: ${seen}`)
}

async function leftOf(engine: Engine, { stack }: App): Promise<string[]> {
  const [services, tasks, containers] = await Promise.all([
    engine.services(stack),
    engine.tasks(stack),
    engine.containers({ stack }),
  ])
  const running = tasks.filter((task) => !isTerminal(task))
  return [
    ...services.map(({ name }) => `service ${name}`),
    ...(running.length > 0 ? [`${running.length} tasks`] : []),
    ...containers.filter(({ state }) => state === 'running').map(({ name }) => `container ${name}`),
  ]
}
