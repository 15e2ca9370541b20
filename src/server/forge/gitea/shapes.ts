import { z } from 'zod'
import type { ForgePull } from '../../contract/forge.ts'
import { commitId } from '../../contract/request.ts'

const id = z.int().positive()
const time = z.iso.datetime({ offset: true })
/** Null where the account is gone. */
const user = z
  .object({ login: z.string() })
  .nullish()
  .transform((found) => found?.login ?? '')

export const selfShape = z.object({ login: z.string().min(1) })

export const pullShape = z.object({
  number: id,
  state: z.enum(['open', 'closed']),
  user,
  created_at: time,
  head: z.object({ sha: commitId, ref: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
  base: z.object({ sha: commitId, ref: z.string() }),
  /** Empty, or missing, where the forge could not find one. */
  merge_base: commitId.nullish().catch(null),
})

export function pullOf(repository: string, found: z.infer<typeof pullShape>): ForgePull {
  const { number, state, user, head, base, merge_base } = found
  return {
    ...{ repository, number, state, author: user },
    head: { sha: head.sha, ref: head.ref, repository: head.repo?.full_name ?? null },
    base: { sha: base.sha, ref: base.ref, mergeBase: merge_base ?? null },
  }
}

export const commentShape = z.object({
  id,
  body: z.string(),
  user,
  created_at: time,
  updated_at: time,
  pull_request_url: z.string(),
})

/** One row of a pull request's history; a row that Gitea could not read is null. */
export const timelineShape = z
  .object({
    id,
    type: z.string(),
    body: z
      .string()
      .nullish()
      .transform((text) => text ?? ''),
    user,
    created_at: time,
    updated_at: time,
  })
  .nullable()

export const pushShape = z.object({
  is_force_push: z.boolean().optional(),
  commit_ids: z
    .array(z.string())
    .nullish()
    .transform((ids) => ids ?? []),
})

export const foundPullShape = z.object({ number: id, repository: z.object({ full_name: z.string() }) })
export const repositoryShape = z.object({ full_name: z.string(), default_branch: z.string().optional() })
export const madeShape = z.object({ id })

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '')
const statusShape = z.object({ context: z.string(), status: z.string(), description: text, target_url: text })
export const combinedShape = z.object({
  statuses: z
    .array(statusShape)
    .nullish()
    .transform((list) => list ?? []),
})

/** `content` in base64; the forge leaves it out where it is too large for it. */
export const blobShape = z.object({ content: z.string().nullish(), size: z.number() })

export const hookShape = z.object({
  id,
  config: z.object({ url: z.string().optional() }),
  active: z.boolean().optional(),
  events: z
    .array(z.string())
    .nullish()
    .transform((list) => list ?? []),
})
export const branchShape = z.object({ commit: z.object({ id: commitId }) })
export const tagShape = z.object({ commit: z.object({ sha: commitId }) })
/** The id of an annotated tag is its own. */
export const listedTagShape = z.object({ name: z.string(), id: commitId, commit: z.object({ sha: commitId }) })
export const commitShape = z.object({ sha: commitId })
/** One page of a git tree; `mode` tells folders from files, links and submodules. */
export const treeShape = z.object({
  tree: z
    .array(z.object({ path: z.string(), mode: z.string(), sha: commitId }))
    .nullish()
    .transform((list) => list ?? []),
  truncated: z.boolean().optional(),
})
/** Commits of the second that the first does not have. */
export const comparedShape = z.object({ total_commits: z.int().nonnegative() })
