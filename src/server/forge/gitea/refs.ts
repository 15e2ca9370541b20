import type { ForgeTag } from '../../contract/forge.ts'
import { commitId } from '../../contract/request.ts'
import type { ApiCaller } from './call.ts'
import { repositoryParts } from './names.ts'
import { allPages } from './pages.ts'
import { branchShape, commitShape, listedTagShape, tagShape } from './shapes.ts'

/** The commit that a branch, a tag (an annotated one's commit) and a commit id of that name agree on; null when none or several. */
export async function resolveCommit(caller: ApiCaller, repository: string, ref: string): Promise<string | null> {
  const parts = repositoryParts(repository)
  if (commitId.safeParse(ref).success) return commitOf(caller, parts, ref)
  const name = ref.split('/')
  const branch = await caller.find(branchShape, [...parts, 'branches', ...name])
  const tag = await caller.find(tagShape, [...parts, 'tags', ...name])
  const short = /^[0-9a-f]{7,39}$/.test(ref) ? await commitOf(caller, parts, ref) : null
  const found = new Set([branch?.commit.id, tag?.commit.sha, short].filter((sha) => typeof sha === 'string'))
  return found.size === 1 ? ([...found][0] ?? null) : null
}

/** All tags, in the order of the forge. */
export async function tags(caller: ApiCaller, repository: string): Promise<readonly ForgeTag[]> {
  const found = await allPages(caller, listedTagShape, [...repositoryParts(repository), 'tags'])
  return found.map(({ name, id, commit }) => ({ name, commit: commit.sha, annotated: id !== commit.sha }))
}

/** The forge would take any name here: only what begins with the id is an answer to it. */
async function commitOf(caller: ApiCaller, parts: readonly string[], id: string): Promise<string | null> {
  const found = await caller.find(commitShape, [...parts, 'git', 'commits', id])
  return found?.sha.startsWith(id) ? found.sha : null
}
