import type { ServiceState } from '../engine/types.ts'
import type { Deployment, PreparedRelease } from './deployer.ts'

interface Before {
  readonly prepared: PreparedRelease
  readonly before: readonly ServiceState[]
  readonly accommodations: readonly string[]
}

/** `services`: all of the stack, as the engine has them after the deployment. */
export function deployedOf(
  services: readonly ServiceState[],
  { prepared, before, accommodations }: Before,
): Deployment {
  const { images, release } = prepared
  const wanted = new Set(Object.keys(release.stack.model.services))
  return {
    before,
    services: services.filter(({ service }) => wanted.has(service)),
    images: services.flatMap(({ service, image }) => {
      const pinned = images.get(service)
      if (!pinned) return []
      const { ref, id, sizeBytes } = pinned
      return [{ service, ref, id: image === pinned.pinned ? id : image, sizeBytes }]
    }),
    accommodations,
    orphans: services.map(({ service }) => service).filter((service) => !wanted.has(service)),
  }
}
