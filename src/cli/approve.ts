import { join } from 'node:path'
import { type Approval, approve, readApprovals, revoke } from '../gate/approvals.ts'
import { codeTree } from '../gate/approved.ts'
import { UsageError } from '../lib/errors.ts'
import { withScratch } from '../lib/files/scratch.ts'
import { stateDir } from '../machine/state-dir.ts'
import { openRecipe, resolveRef } from '../recipe/repository/repo.ts'
import type { RecipeOptions } from './program/options.ts'
import { whilePlanning } from './support/while-planning.ts'

export interface ApproveOptions extends RecipeOptions {
  readonly branch?: string
  readonly list?: boolean
  readonly revoke?: boolean
}

/** `cc-ci approve`: keeps the operator's word for one repository and the code of one commit, or one branch; there is no wildcard. */
export async function approveCommand(recipe: string, options: ApproveOptions): Promise<number> {
  const state = stateDir(options.state)
  if (options.list) return print(readApprovals(state), options.json !== undefined)
  return withScratch('approve', async (scratch) => {
    const clone = { recipesDir: options.recipes, cloneInto: join(scratch, 'clone') }
    const repo = await whilePlanning(() => openRecipe(recipe, clone))
    if (options.revoke) {
      const one = options.ref === undefined ? undefined : await resolveRef(repo, options.ref)
      return print(revoke(state, repo.origin, one), options.json !== undefined, 'revoked')
    }
    const at = new Date().toISOString()
    const commit = await resolveRef(repo, options.branch ?? options.ref ?? 'HEAD')
    refuseDirty(repo.head.dirty, options)
    const approval: Approval =
      options.branch === undefined
        ? { repository: repo.origin, commit, branch: null, tree: await codeTree(repo.dir, commit), at }
        : { repository: repo.origin, commit: null, branch: options.branch, tree: null, at }
    approve(state, approval)
    return print([approval], options.json !== undefined, 'approved')
  })
}

function refuseDirty(dirty: boolean, { ref, branch }: ApproveOptions): void {
  if (!dirty || ref !== undefined || branch !== undefined) return
  throw new UsageError(
    'uncommitted-changes',
    'the recipe has uncommitted changes, which an approval of its commit would not cover',
    {
      hint: 'Commit them first, name a commit with --ref, or let the code run as it lies there once: `cc-ci test --approve-code`.',
    },
  )
}

function print(approvals: readonly Approval[], json: boolean, verb?: string): number {
  if (json) process.stdout.write(`${JSON.stringify(approvals, null, 2)}\n`)
  else if (approvals.length === 0) process.stdout.write('no approvals\n')
  else
    for (const { repository, commit, branch, tree, at } of approvals) {
      const code = tree === null ? '' : ' and every one with the same cc-ci/'
      const what = branch === null ? `commit ${commit?.slice(0, 12)}${code}` : `branch ${branch}`
      process.stdout.write(`${verb ? `${verb}: ` : ''}${repository}  ${what}  ${at}\n`)
    }
  return 0
}
