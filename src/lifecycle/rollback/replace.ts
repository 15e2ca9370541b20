import { countFiles, emptyVolume, outsideOf, type PlannedLoss } from '../../backup/loss.ts'
import type { Deployment } from '../../deploy/deployer.ts'
import { stopServices } from '../../engine/stop-services.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError } from '../../lib/errors.ts'
import { deployDeadline } from '../app/deploy-deadline.ts'
import { deployRelease } from '../app/deploy-release.ts'
import type { RunContext } from '../context.ts'
import type { LostMachine } from '../judging/lost-machine.ts'
import { keepLogs } from '../logs.ts'
import { toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { releaseBefore } from './before.ts'

export interface ReplacedHead {
  readonly lost: LostMachine
  readonly deployed: Deployment
  /** Services that only head had. */
  readonly dropped: readonly string[]
}

/**
 * Removes every service of head, empties what a backup would bring back, and deploys the version before as a new app: as operators do who undeploy,
 * remove the volumes and deploy the old version. Secrets, configs and what no label promises stay; what only head has of them is used by nobody any more.
 */
export async function replaceHead(
  context: RunContext,
  reporter: TierReporter,
  loss: PlannedLoss,
): Promise<ReplacedHead> {
  const { signal, plan } = context
  const release = releaseBefore(context)
  const toolbox = await toolboxOf(context)
  const planned = plan.backup.volumes.filter(({ volume }) => loss.emptied.includes(volume))
  const outside = new Map<string, readonly string[]>()
  for (const one of planned) outside.set(one.volume, await outsideOf(toolbox, one))
  const spared: LostMachine['spared'] = []
  for (const one of loss.spared) spared.push({ ...one, ...(await countFiles(toolbox, one.volume, { signal })) })
  const removed = await removeServices(context, reporter)
  const emptied: LostMachine['emptied'] = []
  for (const volume of loss.emptied) {
    const before = (await countFiles(toolbox, volume, { signal })).files
    await emptyVolume(toolbox, volume, { signal })
    const left = (await countFiles(toolbox, volume, { signal })).files
    emptied.push({ volume, before, left, asNew: 0, after: 0 })
  }
  const deployed = await deployRelease(context, release)
  const wanted = Object.keys(release.stack.model.services)
  const dropped = removed.filter((service) => !wanted.includes(service)).sort()
  return { lost: { loss, emptied, spared, outside }, deployed, dropped }
}

/** All of the stack, also what the deployment of head left over. Nothing may be started while it is removed: see `calm-services.ts`. */
async function removeServices(context: RunContext, reporter: TierReporter): Promise<string[]> {
  const { host, plan, signal, clock, watch } = context
  const { stack } = plan.app
  const services = await host.engine.services(stack)
  const timeoutMs = deployDeadline(plan, services)
  // The engine takes the containers of removed services away, and their logs with them.
  await keepLogs(context)
  await stopServices(host.engine, services, {
    ...{ stack, timeoutMs, signal, clock },
    wake: watch.listener(),
    onWaiting: reporter.onWaiting,
  })
  for (const { id } of services) await host.engine.objects.remove('service', id)
  const gone = await waitFor<true, never>(
    async () => {
      const left = await host.engine.containers({ stack })
      const names = left.filter(({ state }) => state === 'running').map(({ name }) => name)
      return names.length === 0 ? { state: 'ready', value: true } : { state: 'waiting', reason: names.join(', ') }
    },
    { wait: 'services-stopped', timeoutMs, everyMs: 200, signal, clock, onWaiting: reporter.onWaiting },
  )
  if (gone.state === 'ready') return services.map(({ service }) => service)
  const seen = gone.state === 'deadline' ? gone.lastSeen : ''
  throw new InfraError('services-not-removed', `not within ${timeoutMs} ms: ${seen} still runs`)
}
