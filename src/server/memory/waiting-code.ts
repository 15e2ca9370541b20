import type { RunSummary } from '../../history/run-summary.ts'
import type { RepositoryApproval } from '../contract/services.ts'
import type { RunRow } from '../contract/store.ts'

/** Code of a recipe that a run did not execute, and about which somebody has to decide. */
export interface WaitingCode {
  /** `ORG/REPO`. */
  readonly repository: string
  readonly commit: string
  /** Null: of a branch of the repository. */
  readonly pull: number | null
  readonly author: string | null
  /** The run whose page shows the code and lets an operator approve it. */
  readonly run: string
  /** ISO 8601: when that run ended. */
  readonly since: string
  /** What was refused, in words. */
  readonly refused: readonly string[]
}

/**
 * Of each pull request, and of each repository without one, the newest run decides: code that an older commit had is no longer asked about. Rows of any number
 * of repositories, newest first within each; `summaries` by folder. Newest first.
 */
export function waitingCode(
  rows: readonly RunRow[],
  summaries: ReadonlyMap<string, Pick<RunSummary, 'refused'>>,
): readonly WaitingCode[] {
  const seen = new Set<string>()
  const found = new Map<string, WaitingCode>()
  for (const { request, state, outcome, folder } of rows) {
    if (request.why || state !== 'done') continue
    const { repository, commit } = request
    const pull = request.pull?.number ?? request.sweep?.pull ?? null
    const place = `${repository.toLowerCase()}#${pull ?? ''}`
    if (seen.has(place)) continue
    seen.add(place)
    const refused = summaries.get(folder)?.refused ?? []
    const code = `${repository.toLowerCase()} ${commit}`
    if (refused.length === 0 || found.has(code)) continue
    const author = request.pull?.author ?? null
    found.set(code, {
      repository,
      commit,
      pull,
      author,
      run: request.id,
      since: outcome?.finishedAt ?? request.at,
      refused,
    })
  }
  return [...found.values()].sort((a, b) => b.since.localeCompare(a.since))
}

/** What of it nobody has decided about since. Only the page of the code can tell that another commit with the same code was approved: it asks the forge. */
export function stillWaiting(
  waiting: readonly WaitingCode[],
  approvals: readonly RepositoryApproval[],
): readonly WaitingCode[] {
  const codeOf = ({ repository, commit }: Pick<WaitingCode, 'repository' | 'commit'>) =>
    `${repository.toLowerCase()} ${commit}`
  const approved = new Set(approvals.map(codeOf))
  return waiting.filter((one) => !approved.has(codeOf(one)))
}

/** Folders of the rows of which results may be known. */
export function endedFolders(rows: readonly RunRow[]): string[] {
  return rows.flatMap(({ state, folder }) => (state === 'done' ? [folder] : []))
}
