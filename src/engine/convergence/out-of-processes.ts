import type { ServiceState } from '../types.ts'
import type { Diagnosis } from './snapshot.ts'

/**
 * On a service whose containers may have no more processes than this number, which its compose file does not ask for. The deployer writes it over whatever the
 * recipe says there.
 */
export const PROCESSES_LABEL = 'cc-ci.processes'

/** What it means that a container was refused one more process; null: the limit is the recipe's own. */
export function processLimitReached({
  service,
  labels,
}: Pick<ServiceState, 'service' | 'labels'>): Pick<Diagnosis, 'code' | 'message' | 'hint'> | null {
  const most = labels[PROCESSES_LABEL]
  if (most === undefined) return null
  return {
    code: 'run-processes',
    message: `${service} had the ${most} processes that a container of it may have here; that limit is not the recipe's`,
    hint: "If the app needs more, raise `resources.processes` in the operator's cc-ci.yml. If it should not, it starts processes without end.",
  }
}
