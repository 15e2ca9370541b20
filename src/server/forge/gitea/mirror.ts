import type { ForgePull } from '../../contract/forge.ts'
import { commitId } from '../../contract/request.ts'
import type { ApiCaller } from './call.ts'
import { repositoryParts } from './names.ts'
import { allPages } from './pages.ts'
import { comparedShape, pullOf, pullShape } from './shapes.ts'

export async function openPulls(caller: ApiCaller, repository: string): Promise<readonly ForgePull[]> {
  const found = await allPages(caller, pullShape, [...repositoryParts(repository), 'pulls'], { state: 'open' })
  const once = new Map(found.map((one) => [one.number, one]))
  return [...once.values()].map((one) => pullOf(repository, one))
}

/** Commits alone are compared: what a branch is called cannot make two of one. A commit that the repository does not have is 404. */
export async function isContained(
  caller: ApiCaller,
  repository: string,
  commit: string,
  tip: string,
): Promise<boolean> {
  if (!commitId.safeParse(commit).success || !commitId.safeParse(tip).success) return false
  if (commit === tip) return true
  const path = [...repositoryParts(repository), 'compare', `${tip}...${commit}`]
  const compared = await caller.find(comparedShape, path)
  return compared?.total_commits === 0
}

export async function closePull(caller: ApiCaller, repository: string, number: number): Promise<void> {
  await caller.ok('PATCH', [...repositoryParts(repository), 'pulls', String(number)], { body: { state: 'closed' } })
}
