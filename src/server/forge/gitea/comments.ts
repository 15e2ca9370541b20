import type { z } from 'zod'
import type { ForgeComment } from '../../contract/forge.ts'
import type { ApiCaller } from './call.ts'
import { repositoryParts } from './names.ts'
import { allPages } from './pages.ts'
import { pullTimeline } from './pushes.ts'
import { commentShape } from './shapes.ts'

export async function comment(caller: ApiCaller, repository: string, id: number): Promise<ForgeComment | null> {
  const path = [...repositoryParts(repository), 'issues', 'comments', String(id)]
  const found = await caller.find(commentShape, path)
  return found && onPull(found, repository)
}

/** Changed at or after `since`, on pull requests only, oldest first. */
export async function commentsSince(
  caller: ApiCaller,
  repository: string,
  since: string,
): Promise<readonly ForgeComment[]> {
  const path = [...repositoryParts(repository), 'issues', 'comments']
  const found = await allPages(caller, commentShape, path, { since })
  const once = new Map(found.map((one) => [one.id, onPull(one, repository)]))
  return [...once.values()]
    .filter((one) => one !== null)
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || a.id - b.id)
}

/** By way of the history, which comes in pages: strangers may have written comments of megabytes. */
export async function findComment(
  caller: ApiCaller,
  repository: string,
  pull: number,
  marker: string,
  self: string,
): Promise<ForgeComment | null> {
  const rows = await pullTimeline(caller, repository, pull)
  const own = rows.find(
    (row) => row.type === 'comment' && isSame(row.user, self) && row.body.trimStart().startsWith(marker),
  )
  if (!own) return null
  const { id, body, user, created_at, updated_at } = own
  return { id, body, author: user, createdAt: created_at, updatedAt: updated_at, pull, repository }
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** The address that names the pull request is read for its number and never called. */
function onPull(found: z.infer<typeof commentShape>, repository: string): ForgeComment | null {
  const number = /\/pulls\/(\d{1,15})$/.exec(found.pull_request_url)?.[1]
  if (!number) return null
  const { id, body, user, created_at, updated_at } = found
  return { id, body, author: user, createdAt: created_at, updatedAt: updated_at, pull: Number(number), repository }
}
