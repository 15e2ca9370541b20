import type { ServiceState } from '../engine/types.ts'
import { isTraefikLabel, knownLabel } from '../recipe/traefik/known-label.ts'
import { isOrdinary } from '../recipe/traefik/label-value.ts'

/**
 * The labels of these services with which the gate must not run, as `service: label`: those of Traefik's that are not in the table of what a recipe
 * may use, and those that may lead it to an address of the recipe's choice; the gate stands with one foot outside the sandbox.
 */
export function refusedLabels(services: readonly ServiceState[]): string[] {
  return services.flatMap(({ service, labels }) =>
    Object.entries(labels)
      .filter(([label, value]) => isTraefikLabel(label) && !isHarmless(label, value))
      .map(([label]) => `${service}: ${label}`),
  )
}

function isHarmless(label: string, value: string): boolean {
  const row = knownLabel(label)?.row
  return row !== undefined && row.notForGate === undefined && isOrdinary(row.value, value)
}
