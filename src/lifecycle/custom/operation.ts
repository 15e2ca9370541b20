import type { Deployment, Release } from '../../deploy/deployer.ts'
import type { AppState, Operation } from '../../public/ctx.ts'

/** What ran after a deployment, as hooks and tests get to see it. */
export function appState(deployed: Deployment | undefined | null, release: Release | null): AppState | null {
  if (!deployed || !release) return null
  const services = deployed.images.map(({ service, ref, id }) => ({ service, image: ref, imageId: id }))
  return { version: release.version, commit: release.commit, services }
}

export function operationOf(
  name: Operation['name'],
  before: AppState | null,
  after: AppState | null,
  snapshot: string | null = null,
): Operation {
  return { name, before, after, snapshot }
}
