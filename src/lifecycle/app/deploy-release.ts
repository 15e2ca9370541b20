import type { Deployment, Release } from '../../deploy/deployer.ts'
import { debugLog } from '../../lib/debug.ts'
import type { RunContext } from '../context.ts'
import { movedImages } from './moved-images.ts'

const debug = debugLog('deploy')

/** Prepares and deploys a release, and records what really runs and what was changed to fit the machine. */
export async function deployRelease(context: RunContext, release: Release): Promise<Deployment> {
  const { deployer, events, folder, signal, state, watch } = context
  debug('release prepare', { stack: context.plan.app.stack, services: Object.keys(release.stack.model.services) })
  const prepared = await deployer.prepare(release, signal)
  debug('release deploy', { accommodations: prepared.accommodations.length })
  const deployed = await watch.deploying(() => deployer.deploy(prepared, signal))
  state.current = deployed
  debug('release deployed', { services: deployed.services.length, images: deployed.images.length })
  for (const text of [...prepared.accommodations, ...deployed.accommodations])
    events.append({ type: 'accommodation', text })
  for (const image of deployed.images) events.append({ type: 'image', ...image })
  for (const finding of movedImages(folder, deployed.images)) events.append({ type: 'finding', ...finding })
  return deployed
}
