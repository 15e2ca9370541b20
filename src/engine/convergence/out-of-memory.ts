import { formatSize } from '../../lib/text/size.ts'
import type { ServiceState } from '../types.ts'
import type { Diagnosis } from './snapshot.ts'

/**
 * On a service whose containers have a memory limit that its compose file does not ask for: who set it. `setting`: `resources.memory`; a number: cc-ci, out
 * of so many bytes that the run has. The deployer writes it over whatever the recipe says there.
 */
export const MEMORY_LABEL = 'cc-ci.memory'

/** Raising the memory of a run: where that is. */
const RAISE =
  '`--run-memory` or CC_CI_RUN_MEMORY; on a server CC_CI_RUN_MEMORY, or the enrolment (`cc-ci enroll --memory`)'

/** What a program's end at a limit means: a limit of its own is the recipe's, any other the run's. */
export function memoryLimitReached(service: Pick<ServiceState, 'service' | 'labels' | 'taskTemplate'>): OutOfMemory {
  const { service: name } = service
  const source = service.labels[MEMORY_LABEL]
  if (source === undefined) return { code: 'oom-killed', message: `${name} used more memory than it may` }
  const limit = limitOf(service)
  const reached =
    limit === null ? 'the memory that it may have here' : `the ${formatSize(limit)} of memory that it may have here`
  const message = `${name} was killed because it used ${reached}; that limit is not the recipe's`
  if (source === 'setting')
    return { code: 'run-memory', message: `${message}: the setting resources.memory says it`, hint: SETTING }
  const run = formatSize(Number(source))
  return {
    code: 'run-memory',
    message: `${message}: the run has ${run} in all`,
    hint: `If the app needs more, raise what a run may have (${run} now): ${RAISE}. Services that need little leave more to the others when the compose file limits them (\`deploy.resources.limits.memory\`). If it should not need so much, the app holds on to memory.`,
  }
}

/** All of the run's programs together hold more than it has, and this service most of it. */
export function runMemoryExceeded(
  service: string,
  { heldBytes, mostBytes }: { readonly heldBytes: number; readonly mostBytes: number },
): OutOfMemory {
  return {
    code: 'run-memory',
    message: `all services together used ${formatSize(heldBytes)} of memory, more than the ${formatSize(mostBytes)} of the run; ${service}, which used most, was killed by cc-ci`,
    hint: `If the app needs more, raise what a run may have: ${RAISE}.`,
  }
}

type OutOfMemory = Pick<Diagnosis, 'code' | 'message' | 'hint'>

const SETTING = "Raise `resources.memory` in the recipe's or the operator's cc-ci.yml."

function limitOf({ taskTemplate }: Pick<ServiceState, 'taskTemplate'>): number | null {
  const template = taskTemplate as { Resources?: { Limits?: { MemoryBytes?: number } | null } | null }
  return template.Resources?.Limits?.MemoryBytes || null
}
