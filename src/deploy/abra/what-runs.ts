import type { ServiceState } from '../../engine/types.ts'
import { InfraError } from '../../lib/errors.ts'
import { parseBytes } from '../../recipe/compose/go-duration.ts'
import type { ComposeModel, ComposeService } from '../../recipe/model.ts'
import type { PreparedRelease } from '../deployer.ts'

interface Meant {
  readonly prepared: PreparedRelease
  readonly meant: ComposeModel
}

/**
 * Looks whether the engine got what abra was given: every service, its image, its endpoint mode, its ports, its memory limit. Throws InfraError `deployer-failed`: what runs
 * without the limits of the run, or from another image, is evidence of nothing.
 */
export function assertDeployed(services: readonly ServiceState[], { prepared, meant }: Meant): void {
  const wrong = Object.entries(meant.services).flatMap(([name, service]) => {
    const found = services.find((one) => one.service === name)
    if (!found) return [`${name} is not there`]
    return differences(found, service, prepared.images.get(name)?.pinned).map((what) => `${name} has ${what}`)
  })
  if (wrong.length === 0) return
  throw new InfraError('deployer-failed', `abra deployed something else than it was given: ${wrong.join('; ')}`, {
    hint: 'abra did not merge compose.cc-ci.yml as the docker CLI does. Run `cc-ci doctor --deployer abra`; `--deployer native` judges the recipe without abra.',
  })
}

function differences(found: ServiceState, meant: ComposeService, pinned: string | undefined): string[] {
  const mode = meant.deploy?.endpoint_mode ?? 'vip'
  const memory = limitOf(meant)
  const ports = (meant.ports ?? []).filter(({ mode }) => mode === 'host').length
  const hostPorts = found.ports.filter(({ mode }) => mode === 'host').length
  return [
    ...(pinned !== undefined && withoutHub(found.image) !== withoutHub(pinned) ? [`the image ${found.image}`] : []),
    ...(found.endpointMode === mode ? [] : [`the endpoint mode ${found.endpointMode}`]),
    ...(hostPorts === ports ? [] : [`${hostPorts} ports on the host instead of ${ports}`]),
    ...(memoryOf(found) === memory ? [] : [`a memory limit of ${memoryOf(found) ?? 'nothing'} instead of ${memory}`]),
  ]
}

/** abra asks the registry once more, and writes names in the short form. */
function withoutHub(image: string): string {
  return image.replace(/^docker\.io\//, '').replace(/^library\//, '')
}

function limitOf({ deploy }: ComposeService): number | null {
  const { resources } = (deploy ?? {}) as { resources?: { limits?: { memory?: unknown } } }
  return parseBytes(String(resources?.limits?.memory ?? '')) || null
}

function memoryOf({ taskTemplate }: ServiceState): number | null {
  const { Resources: resources } = (taskTemplate ?? {}) as {
    Resources?: { Limits?: { MemoryBytes?: number } | null } | null
  }
  return resources?.Limits?.MemoryBytes || null
}
