import { waitFor } from '../../../lib/async/wait.ts'
import type { ApiCaller } from './call.ts'
import { repositoryParts } from './names.ts'
import { allRows } from './pages.ts'
import { pullShape, pushShape, timelineShape } from './shapes.ts'

type Row = NonNullable<ReturnType<typeof timelineShape.parse>>

/** The head moves first and the row of the push comes from a queue. */
const ROW_DEADLINE_MS = 4_000

/**
 * The newest push to a pull request after `since`, from the rows `pull_push` of its history: written when it is opened (no push), at each
 * push and force-push, of a fork's branch too. A head that no row explains was pushed too, nobody knows when: now. Within the second of
 * `since` the order of rows decides: what follows the first comment of that second came later; without a comment it counts as later.
 */
export async function pushedSince(
  caller: ApiCaller,
  repository: string,
  number: number,
  since: string,
): Promise<string | null> {
  const parts = repositoryParts(repository)
  const seen = await waitFor<readonly Row[], never>(
    async () => {
      const rows = await pullTimeline(caller, repository, number)
      const { head } = await caller.get(pullShape, [...parts, 'pulls', String(number)])
      const tip = tipOf(rows)
      if (tip === null || tip === head.sha) return { state: 'ready', value: rows }
      return { state: 'waiting', reason: 'the head is newer than its history' }
    },
    { name: 'the row of a push', timeoutMs: ROW_DEADLINE_MS, everyMs: 250, clock: caller.clock },
  )
  if (seen.state !== 'ready') return new Date(caller.clock.now()).toISOString()
  const later = seen.value.filter(
    (row) => isPush(row) && !isOpening(row, seen.value) && isAfter(row, since, seen.value),
  )
  return later.map((row) => row.created_at).sort((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null
}

/** The history of a pull request, in the order of the rows' ids. */
export async function pullTimeline(caller: ApiCaller, repository: string, number: number): Promise<readonly Row[]> {
  const path = [...repositoryParts(repository), 'issues', String(number), 'timeline']
  const rows = await allRows(caller, timelineShape, path)
  return rows.filter((row) => row !== null).sort((a, b) => a.id - b.id)
}

function isPush(row: Row): boolean {
  return row.type === 'pull_push'
}

/** The commit that the newest push put at the head; null where no row tells. */
function tipOf(rows: readonly Row[]): string | null {
  const row = rows.findLast(isPush)
  return (row && commitsOf(row).commits.at(-1)) ?? null
}

function commitsOf(row: Row): { readonly forced: boolean; readonly commits: readonly string[] } {
  try {
    const { is_force_push = false, commit_ids } = pushShape.parse(JSON.parse(row.body))
    return { forced: is_force_push, commits: commit_ids }
  } catch {
    return { forced: false, commits: [] }
  }
}

/** The row of the opening comes before everything else in the history; a force-push may have deleted it. */
function isOpening(row: Row, rows: readonly Row[]): boolean {
  return rows[0]?.id === row.id && !commitsOf(row).forced
}

function isAfter(row: Row, since: string, rows: readonly Row[]): boolean {
  const second = (text: string) => Math.floor(Date.parse(text) / 1000)
  if (second(row.created_at) !== second(since)) return second(row.created_at) > second(since)
  const comment = rows.find((other) => other.type === 'comment' && second(other.created_at) === second(since))
  return comment === undefined || row.id > comment.id
}
