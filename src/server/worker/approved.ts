import { codeTree } from '../../gate/approved.ts'
import type { Assignment } from '../contract/protocol.ts'

/**
 * Whether the code of a commit may run: the server knows which commits and which trees of code the operator approved, and the worker looks which tree the commit really has, so
 * that no answer of a forge decides it. `checkout`: a clone that has the commit.
 */
export async function isApproved(
  { approvedCommits, approvedTrees }: Pick<Assignment, 'approvedCommits' | 'approvedTrees'>,
  checkout: string,
  commit: string,
): Promise<boolean> {
  if (approvedCommits.includes(commit)) return true
  if (approvedTrees.length === 0) return false
  const tree = await codeTree(checkout, commit)
  return tree !== null && approvedTrees.includes(tree)
}
