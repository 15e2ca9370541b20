/** What one service asks for, for each of the containers that it can have at a time; infinite: as much as there is. */
export interface Demand {
  readonly each: number
  readonly containers: number
}

/**
 * The most that any container may have, so that all of them together have no more than `total`: services that ask for little leave the rest to the others.
 * Never more than `most`.
 */
export function fairLimit(
  demands: readonly Demand[],
  { total, most }: { readonly total: number; readonly most: number },
): number {
  let left = total
  let containers = demands.reduce((sum, demand) => sum + demand.containers, 0)
  for (const demand of demands.toSorted((a, b) => a.each - b.each)) {
    const each = Math.floor(left / containers)
    if (demand.each > each) return Math.min(most, each)
    left -= demand.each * demand.containers
    containers -= demand.containers
  }
  return most
}
