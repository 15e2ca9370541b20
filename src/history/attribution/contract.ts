/**
 * The contract of an attribution. Two things have moved, the build of cc-ci (the tool) and the commit of the recipe (the ref), and a result with
 * them. Each of the four combinations is a cell; all are run now, in equal conditions, and the table of verdicts (`table.ts`) reads them.
 *
 * - A run of a cell gives, tier by tier, draws: one for each attempt that the run counts. A draw is a signature (status, cause code, blame, service;
 *   never prose) or says that nothing was judged.
 * - Evidence are `pass`, `fail` and a `skip` that is the recipe's. What was `unverified`, interrupted, blocked or never begun is none. One exception: an
 *   end that cc-ci blames on itself and that would come again (`harness-error`) says something about the tool, and about the tool alone.
 * - Two cells match where a failure of the one was seen in the other. Another failure is another failure.
 * - Conditions are equal where all that was recorded of them is: the environment as `environment.ts` names it, and the image behind each reference that both know.
 *   A run in other conditions than the newest run is no evidence any more.
 * - What was recorded of the old tool on the old ref is a fifth fact: it tells drift, and is never counted as a run of the cell.
 */

/** The cells, the tool first: `NO` is the new tool on the old ref. */
export const CELL_IDS = ['OO', 'NO', 'ON', 'NN'] as const
export type CellId = (typeof CELL_IDS)[number]

export type End = 'old' | 'new'
export type Factor = 'tool' | 'ref'

export function endsOf(cell: CellId): Readonly<Record<Factor, End>> {
  return { tool: cell[0] === 'O' ? 'old' : 'new', ref: cell[1] === 'O' ? 'old' : 'new' }
}

/** `new tool, old ref`. */
export function cellName(cell: CellId): string {
  const { tool, ref } = endsOf(cell)
  return `${tool} tool, ${ref} ref`
}

/** The cells that have to be run where only these things have moved. */
export function cellsOf(moved: readonly Factor[]): readonly CellId[] {
  return moved.length === 2 ? CELL_IDS : ['OO', 'NN']
}

/** The cell that stands for this one where only one thing has moved: with one tool, the new tool on the old ref is the old tool on it. */
export function standsFor(cell: CellId, moved: readonly Factor[]): CellId {
  const [only, more] = moved
  if (more !== undefined || only === undefined) return cell
  return endsOf(cell)[only] === 'old' ? 'OO' : 'NN'
}

/** How a tier ended, in what can be compared between two builds of cc-ci. */
export interface Signature {
  readonly status: 'pass' | 'fail' | 'skip' | 'unverified'
  /** The cause; of a `skip` its kind. Null for a pass. */
  readonly code: string | null
  readonly blame: string | null
  readonly service: string | null
  /** Whether a second attempt would end the same, as the run says it. */
  readonly deterministic: boolean
}

/** One attempt at one tier. What is no evidence was `unjudged`, and another run may be; or an earlier tier, which `blocked` it, decides that. */
export type Draw =
  | { readonly evidence: true; readonly signature: Signature }
  | { readonly evidence: false; readonly because: 'unjudged' | 'blocked'; readonly signature: Signature | null }

/** What is known of the world in which something ran: `engine`, `api`, `cpus`, `memoryBytes`, and `image REFERENCE` for each image. */
export type Conditions = Readonly<Record<string, string>>

/** One run of a cell, as far as it is compared. */
export interface CellRun {
  readonly cell: CellId
  /** Draws by tier; a tier that is not here was not begun. */
  readonly tiers: Readonly<Record<string, readonly Draw[]>>
  /** Empty where the run ended before it looked. */
  readonly conditions: Conditions
}

/** What a run of the old tool on the old ref once ended with. */
export type RecordedResult = Omit<CellRun, 'cell'>

/** All that a verdict is made of. */
export interface Study {
  readonly moved: readonly Factor[]
  /** In the order in which they were made. */
  readonly runs: readonly CellRun[]
  readonly recorded: RecordedResult | null
}
