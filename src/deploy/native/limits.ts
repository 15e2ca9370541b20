import type { ComposeService } from '../../recipe/model.ts'
import type { Release } from '../deployer.ts'

/** Threads count. Nobody's program comes near it, and a program that forks without end stops there instead of stopping the machine. */
const PROCESSES = 4096

interface Resources {
  readonly limits?: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}

/** Zero and less mean without a limit, to the engine. */
function withoutUnlimited(limits: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => Number.parseFloat(String(value)) > 0))
}

/** Limits for what the recipe leaves unlimited: processes always, memory where the settings name a size. */
export function withLimits(
  name: string,
  service: ComposeService,
  { added }: Release,
  accommodations: string[],
): ComposeService {
  const { resources } = (service.deploy ?? {}) as { resources?: Resources }
  const own = withoutUnlimited(resources?.limits ?? {})
  const memory = added.memoryBytes === null ? {} : { memory: String(added.memoryBytes) }
  if (own.pids === undefined) accommodations.push(`service ${name}: at most ${PROCESSES} processes`)
  if (own.memory === undefined && added.memoryBytes !== null)
    accommodations.push(`service ${name}: at most ${added.memoryBytes} bytes of memory (resources.memory)`)
  const limits = { ...memory, ...own, pids: Math.min(PROCESSES, Number(own.pids ?? PROCESSES)) }
  return { ...service, deploy: { ...service.deploy, resources: { ...resources, limits } } }
}
