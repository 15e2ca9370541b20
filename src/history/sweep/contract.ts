import type { TierId } from '../../verdict/tiers.ts'
import type { Word } from '../compare/messages.ts'

/**
 * The contract of a sweep: every recipe of a list, its newest release and its open heads, each a cold run of its own; the end is a matrix.
 *
 * - **Folder** `<state>/sweeps/<id>/`: `sweep.json` is the plan, written before anything begins and never changed; `cells/NNNN.json` is what became of the
 *   cell with that place in the plan, written before its run begins and after it has ended; `matrix.json` is written once, at the end, and from then on
 *   the sweep is over. `report.html` and `matrix.md` are views of the matrix.
 * - **Every cell has an answer**: a verdict, or the reason why it was not run (`REASONS`). Nothing is left out silently, and a sweep without any verdict is
 *   an error.
 * - **After a kill** at any moment the plan and what had ended is there. The run that continued is let end or taken down first; whole results of it count, anything
 *   else is run again under a new id.
 * - **Comparison**: with the newest earlier sweep that covers the same recipes and whose outcomes mean the same. Words are those of `compare/words.ts`; the
 *   owner of a difference comes from the table in `owners.ts`; cells now = cells before + appeared - disappeared, or there is no matrix.
 * - **Who runs**: `cc-ci sweep` by processes of its own, a server by its queue. Both keep the same documents, and either may show those of the other.
 */

/** Why a cell has no run of this sweep. `answered`: another run speaks for it; `owed`: it should have been judged, and the sweep is not green. */
export const REASONS = {
  'not-enrolled': { words: 'not enrolled', kind: 'absent' },
  'no-release': { words: 'no release', kind: 'absent' },
  excluded: { words: 'excluded', kind: 'absent' },
  'up-to-date': { words: 'up to date', kind: 'answered' },
  'same-commit': { words: 'the same commit as the release', kind: 'answered' },
  'too-big': { words: 'too big', kind: 'owed' },
  unreadable: { words: 'cannot be read', kind: 'owed' },
} as const satisfies Record<string, { words: string; kind: 'absent' | 'answered' | 'owed' }>

export type ReasonCode = keyof typeof REASONS

/** `not-run`: there is a reason, and it is no fault. */
export const CELL_STATUSES = ['pass', 'fail', 'unverified', 'not-run'] as const
export type CellStatus = (typeof CELL_STATUSES)[number]

/** What a recipe has to be swept of it. */
export interface SweepCandidate {
  /** As the list names it; unique in a sweep. */
  readonly recipe: string
  /** As results of its runs name it. */
  readonly recordedName: string
  /** What `cc-ci test` is given: a folder or a URL. */
  readonly source: string
  /** As results are to name it, where that is not the folder. */
  readonly origin: string | null
  readonly memoryBytes: number
  readonly release: { readonly tag: string; readonly commit: string } | null
  readonly heads: readonly CandidateHead[]
  /** Why nothing is known of it; the rest is empty then. */
  readonly problem: { readonly code: 'not-enrolled' | 'unreadable'; readonly text: string } | null
}

export interface CandidateHead {
  /** A branch, or `#12` for a pull request. */
  readonly name: string
  /** Null: it is not there. */
  readonly commit: string | null
  readonly pull?: { readonly number: number; readonly headRef: string; readonly baseRef: string }
}

/** `gitea@release`, `gitea@main`, `gitea@#12`: the same cell in every sweep. */
export function cellKey(recipe: string, head: string | null): string {
  return `${recipe}@${head ?? 'release'}`
}

/** What became of one tier. */
export type TierWord = { readonly id: TierId; readonly word: Word }
