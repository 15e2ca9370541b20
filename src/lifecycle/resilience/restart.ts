import type { Deployment } from '../../deploy/deployer.ts'
import { type EdgeAddress, edgeAddress } from '../../edge/address.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError } from '../../lib/errors.ts'
import { finding } from '../../verdict/findings.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { type Host, type RunContext, TierStop } from '../context.ts'
import { awaitReady } from '../custom/ready.ts'
import type { TierReporter } from '../reporter.ts'
import { attributeFailure } from './attribute-failure.ts'
import { foreignContainers, staleTasks } from './engine-use.ts'

const BACK_DEADLINE_MS = 60_000
const RESTARTED = { kind: 'engine-restart' } as const

/**
 * Restarts the engine where the operator allows it, cc-ci started it, and nobody else uses it; the stack must come up again by itself. What
 * keeps it from being restarted is reported. Gives the host as it is then: the edge may have other ports.
 */
export async function restartEngineUnderApp(
  context: RunContext,
  reporter: TierReporter,
  deployed: Deployment,
): Promise<Host> {
  const { host, plan, clock } = context
  if (!host.engineRestart) return host
  const why = host.engineRestart.refusal(plan.app.runId) ?? (await neededByOthers(context))
  if (why !== null) {
    const message = `the engine was not restarted, though the operator allows it: ${why}`
    reporter.finding(finding('engine-not-restarted', message))
    return host
  }
  await context.resources.closeHelpers()
  const before = await tasksByService(context)
  const later = reporter.after(RESTARTED)
  const start = clock.now()
  let back = context
  try {
    await reporter.operation('engine-restart', () =>
      context.watch.during({ kind: 'engine-restart', services: 'all' }, async () => {
        await host.engineRestart?.restart()
        back = { ...context, host: { ...host, edge: await engineIsBack(context, reporter) } }
        await awaitConvergence(back, later, deployed, deployed)
      }),
    )
    await awaitReady(back, later, null)
    await awaitServing(back, later, plan.upgrade ?? plan.head)
  } catch (error) {
    throw error instanceof TierStop ? await attributeFailure(context, { act: RESTARTED, lines: [] }, error) : error
  }
  const after = await tasksByService(context)
  const services = [...before].map(([service, tasks]) => ({ service, before: tasks, after: after.get(service) ?? [] }))
  reporter.evidence({ kind: 'engine-restart', ms: clock.now() - start, services })
  return back.host
}

async function neededByOthers({ host, plan }: RunContext): Promise<string | null> {
  if (plan.settings.settings.deps.length > 0) return 'dependencies of this run live on it'
  const others = foreignContainers(await host.engine.containers({}), plan.app)
  return others.length > 0 ? `${others.slice(0, 5).join(', ')} of somebody else runs on it` : null
}

/** The Swarm has a leader, no task is spoken of that ended with the engine, and the edge is up, perhaps at other ports. */
async function engineIsBack(context: RunContext, reporter: TierReporter): Promise<EdgeAddress> {
  const { host, plan, clock, signal } = context
  const { stack } = plan.app
  const result = await waitFor<EdgeAddress, never>(
    async () => {
      try {
        const stale = staleTasks(await host.engine.tasks(stack), await host.engine.containers({ stack }))
        if (stale.length > 0) return { state: 'waiting', reason: `${stale.length} tasks of before are still listed` }
        return { state: 'ready', value: await edgeAddress() }
      } catch (error) {
        // Until it has a leader the Swarm refuses every question; the edge starts after the engine.
        if (!(error instanceof InfraError)) throw error
        return { state: 'waiting', reason: error.message }
      }
    },
    {
      wait: 'engine-back',
      timeoutMs: BACK_DEADLINE_MS,
      signal,
      clock,
      onWaiting: reporter.onWaiting,
    },
  )
  if (result.state === 'ready') return result.value
  const seen = result.state === 'deadline' ? result.lastSeen : ''
  throw new InfraError('engine-lost', `the engine did not come back within ${BACK_DEADLINE_MS} ms: ${seen}`)
}

async function tasksByService({ host, plan }: RunContext): Promise<Map<string, string[]>> {
  const [services, tasks] = await Promise.all([host.engine.services(plan.app.stack), host.engine.tasks(plan.app.stack)])
  const of = (id: string) =>
    tasks.filter((task) => task.serviceId === id && task.state === 'running').map(({ id }) => id)
  return new Map(services.map(({ service, id }) => [service, of(id)]))
}
