import type { RunSummary } from '../../history/run-summary.ts'
import type { Since } from '../../history/since.ts'

/** Since when a run is red, as the pieces of one sentence: `2026-11-28 (run A, commit abc), 3 runs in a row; it last passed on 2026-11-27 (run B, commit def)`. */
export function sincePieces({ first, runs, lastPass }: Since, id: string): readonly (string | RunSummary)[] {
  const begin = first.id === id ? ['this run'] : [first, `, ${runs} runs in a row`]
  return lastPass === null
    ? [...begin, '; it passed in no earlier run that is kept']
    : [...begin, '; it last passed on ', lastPass]
}

export function sinceText(since: Since, id: string): string {
  const named = ({ id: run, startedAt, recipe }: RunSummary) =>
    `${startedAt.slice(0, 10)} (run ${run}, commit ${recipe.commit.slice(0, 10)})`
  return sincePieces(since, id)
    .map((piece) => (typeof piece === 'string' ? piece : named(piece)))
    .join('')
}
