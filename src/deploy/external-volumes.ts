import type { Engine } from '../engine/client.ts'
import { cause } from '../verdict/causes.ts'
import { DeployFailure } from './deploy-failure.ts'
import type { Release } from './deployer.ts'

/**
 * Refuses a release that mounts an external volume which is not there: the engine would make it, under a name that no teardown may take
 * for the run's own. Throws DeployFailure `compose-invalid`.
 */
export async function refuseMissingVolumes(engine: Engine, { stack }: Release): Promise<void> {
  const { services, volumes } = stack.model
  const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes)
  const used = new Set(mounts.flatMap(({ type, source }) => (type === 'volume' && source ? [source] : [])))
  const external = [...used].flatMap((key) => (volumes[key]?.external ? [volumes[key].name ?? key] : []))
  if (external.length === 0) return
  const there = new Set((await engine.objects.list('volume')).map(({ name }) => name))
  const missing = external.filter((name) => !there.has(name))
  if (missing.length === 0) return
  throw new DeployFailure(
    cause('compose-invalid', `declared as external, but not there: volume ${missing.join(', ')}`, {
      hint: 'Let the stack own its volumes: remove `external: true`.',
    }),
  )
}
