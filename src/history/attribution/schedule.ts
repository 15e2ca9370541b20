import { type CellId, cellsOf, type Study } from './contract.ts'
import { decideAttribution, type TierAttribution } from './decide.ts'

/** The cell that is to be run next, with why. */
export interface NextRun {
  readonly cell: CellId
  /** The tiers that want it. */
  readonly tiers: readonly string[]
}

/**
 * Which cell is run next; null when every tier is decided or cannot be. Cells take turns, each round in the other direction, so that what changes
 * with time meets all of them alike; a round that a flake was found in is ended, so that its rate is of all cells.
 */
export function nextRun(study: Study): NextRun | null {
  const order = cellsOf(study.moved)
  const runs = (cell: CellId) => study.runs.filter((run) => run.cell === cell).length
  const rounds = Math.max(...order.map(runs))
  const { tiers } = decideAttribution(study)
  const wanted = order.flatMap((cell) => {
    const want = tiers.filter((tier) => wants(tier, cell) || (tier.verdict === 'flake' && runs(cell) < rounds))
    return want.length > 0 ? [{ cell, tiers: want.map(({ tier }) => tier), made: runs(cell) }] : []
  })
  const least = Math.min(...wanted.map(({ made }) => made))
  const turn = wanted.filter(({ made }) => made === least)
  const next = least % 2 === 0 ? turn[0] : turn.at(-1)
  return next ? { cell: next.cell, tiers: next.tiers } : null
}

function wants({ open, cells }: TierAttribution, cell: CellId): boolean {
  return open && cells[cell]?.open === true
}
