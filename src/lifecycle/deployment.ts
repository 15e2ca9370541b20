import type { Deployed, Release } from '../deploy/deployer.ts'
import type { RunContext } from './context.ts'
import { movedImages } from './moved-images.ts'

/** Prepares and deploys a release, and records what really runs and what was changed to fit the machine. */
export async function deployRelease(context: RunContext, release: Release): Promise<Deployed> {
  const { deployer, events, folder, signal, state, watch } = context
  const prepared = await deployer.prepare(release, signal)
  const deployed = await watch.deploying(() => deployer.deploy(prepared, signal))
  state.current = deployed
  for (const text of [...prepared.accommodations, ...deployed.accommodations])
    events.append({ type: 'accommodation', text })
  for (const image of deployed.images) events.append({ type: 'image', ...image })
  for (const finding of movedImages(folder, deployed.images)) events.append({ type: 'finding', ...finding })
  return deployed
}
