/** What one service asks for, for each of the containers that it can have at a time; infinite: as much as there is. */
export interface Ask {
  readonly each: number
  readonly containers: number
}

/**
 * The most that any container may have, so that all of them together have no more than `total`: services that ask for little leave the rest to the others.
 * Never more than `most`.
 */
export function levelOf(
  asks: readonly Ask[],
  { total, most }: { readonly total: number; readonly most: number },
): number {
  let left = total
  let containers = asks.reduce((sum, ask) => sum + ask.containers, 0)
  for (const ask of asks.toSorted((a, b) => a.each - b.each)) {
    const each = Math.floor(left / containers)
    if (ask.each > each) return Math.min(most, each)
    left -= ask.each * ask.containers
    containers -= ask.containers
  }
  return most
}
