/** What a commit between a good and a bad one turned out to be; `unclear`: neither, as `git bisect skip`. */
export type ProbeResult = 'good' | 'bad' | 'unclear'

/** What a search has come to. Positions count commits from the good end, which has 0. */
export interface SearchState {
  /** The commit that is to be looked at next; null: nothing more can be learnt. */
  readonly next: number | null
  /** The first bad commit is one of these, both ends included. */
  readonly from: number
  readonly to: number
}

/**
 * Where the first bad commit may be. `last`: the position of the bad end. Commits that are unclear are stepped over to the nearest one that was
 * not looked at; where only those are left, the answer is a range.
 */
export function searchState(last: number, known: ReadonlyMap<number, ProbeResult>): SearchState {
  const positions = [...known]
  const good = Math.max(0, ...positions.filter(([, result]) => result === 'good').map(([position]) => position))
  const bad = Math.min(last, ...positions.filter(([, result]) => result === 'bad').map(([position]) => position))
  const middle = (good + bad) / 2
  const open = Array.from({ length: Math.max(0, bad - good - 1) }, (_, index) => good + 1 + index)
    .filter((position) => !known.has(position))
    .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b)
  return { next: open[0] ?? null, from: good + 1, to: bad }
}
