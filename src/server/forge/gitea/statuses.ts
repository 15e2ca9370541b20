import { ForgeError } from '../../contract/errors.ts'
import type { ForgeStatus } from '../../contract/forge.ts'
import { commitId } from '../../contract/request.ts'
import type { ApiCaller } from './call.ts'
import { repositoryParts } from './names.ts'
import { combinedShape, commitShape } from './shapes.ts'

const STATES: readonly string[] = ['pending', 'success', 'failure', 'error'] satisfies ForgeStatus['state'][]
const MAX_PAGES = 40

/** The combined status lists the newest of each context, in pages. Of a state that is none of ours: `error`, so that it is set again. */
export async function latestStatus(
  caller: ApiCaller,
  repository: string,
  commit: string,
  context: string,
): Promise<ForgeStatus | null> {
  const path = [...repositoryParts(repository), 'commits', fullCommit(commit), 'status']
  for (let page = 1; page <= MAX_PAGES; page++) {
    const { statuses } = await caller.get(combinedShape, path, { limit: 50, page })
    const own = statuses.find((one) => one.context === context)
    if (own) {
      const state = STATES.includes(own.status) ? (own.status as ForgeStatus['state']) : 'error'
      return { context, state, description: own.description, url: own.target_url }
    }
    if (statuses.length === 0) return null
  }
  return null
}

/** For a commit that is not there Gitea answers 500 without a word: then it is asked, and it is `forge-missing`. */
export async function setCommitStatus(
  caller: ApiCaller,
  repository: string,
  commit: string,
  status: ForgeStatus,
): Promise<void> {
  const parts = repositoryParts(repository)
  const body = { context: status.context, state: status.state, description: status.description, target_url: status.url }
  try {
    await caller.ok('POST', [...parts, 'statuses', fullCommit(commit)], { body })
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'forge-gone') throw error
    const there = await caller.find(commitShape, [...parts, 'git', 'commits', commit]).catch(() => undefined)
    if (there === null) throw new ForgeError('forge-missing', `${repository} has no commit ${commit}`)
    throw error
  }
}

/** The forge would take a branch name or a short id too: never what is meant. */
function fullCommit(commit: string): string {
  if (commitId.safeParse(commit).success) return commit
  throw new ForgeError('forge-missing', `${JSON.stringify(commit.slice(0, 100))} is no full commit id`)
}
