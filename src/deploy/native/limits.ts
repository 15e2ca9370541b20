import { MEMORY_LABEL } from '../../engine/convergence/out-of-memory.ts'
import { PROCESSES_LABEL } from '../../engine/convergence/out-of-processes.ts'
import { formatSize } from '../../lib/text/size.ts'
import type { ComposeService } from '../../recipe/model.ts'
import type { Release } from '../deployer.ts'
import { limitOf, requestedMemory } from '../run-memory.ts'
import { ownProcesses } from '../run-processes.ts'

interface Resources {
  readonly limits?: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}

/** Zero and less mean without a limit, to the engine. */
function withoutUnlimited(limits: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => Number.parseFloat(String(value)) > 0))
}

/** Limits for what the recipe leaves unlimited, or sets higher than the run has: processes and memory. The service says whose limits they are. */
export function withLimits(
  name: string,
  service: ComposeService,
  { added }: Release,
  accommodations: string[],
): ComposeService {
  const { resources } = (service.deploy ?? {}) as { resources?: Resources }
  const own = withoutUnlimited(resources?.limits ?? {})
  const processes = processesOf(service, added)
  if (processes.by !== 'recipe') accommodations.push(`service ${name}: at most ${processes.most} processes`)
  const want = requestedMemory(service, added.memoryBytes)
  const limit = limitOf(want, added.run?.mostBytes ?? null)
  if (limit.bytes !== null && limit.by !== 'recipe')
    accommodations.push(memoryNote(name, { want: want.bytes, ...limit }))
  const limits = {
    ...own,
    ...(limit.bytes === null ? {} : { memory: String(limit.bytes) }),
    pids: processes.most,
  }
  const { [MEMORY_LABEL]: _m, [PROCESSES_LABEL]: _p, ...labels } = service.deploy?.labels ?? {}
  const source = limit.by === 'run' ? String(added.run?.runBytes) : limit.by === 'setting' ? 'setting' : null
  return {
    ...service,
    deploy: {
      ...service.deploy,
      labels: {
        ...labels,
        ...(source === null ? {} : { [MEMORY_LABEL]: source }),
        ...(processes.by === 'recipe' ? {} : { [PROCESSES_LABEL]: String(processes.most) }),
      },
      resources: { ...resources, limits },
    },
  }
}

function processesOf(
  service: ComposeService,
  { processes, run }: Release['added'],
): { readonly most: number; readonly by: 'recipe' | 'run' } {
  const most = run?.mostProcesses ?? processes
  const own = ownProcesses(service)
  return own !== null && own <= most ? { most: own, by: 'recipe' } : { most, by: 'run' }
}

function memoryNote(
  name: string,
  { want, bytes, by }: { readonly want: number | null; readonly bytes: number | null; readonly by: string | null },
): string {
  const size = `service ${name}: at most ${formatSize(bytes ?? 0)} of memory`
  if (by === 'setting') return `${size} (resources.memory)`
  return want === null ? `${size} (run memory)` : `${size} instead of ${formatSize(want)} (run memory)`
}
