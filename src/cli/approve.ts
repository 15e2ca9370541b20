import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Approval, approve, readApprovals, revoke } from '../gate/approvals.ts'
import { UsageError } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import { openRecipe, resolveRef } from '../recipe/repo.ts'
import type { RecipeOptions } from './program/options.ts'

export interface ApproveOptions extends RecipeOptions {
  readonly branch?: string
  readonly list?: boolean
  readonly revoke?: boolean
}

/** `cc-ci approve`: keeps the operator's word for one repository and one commit or branch; there is no wildcard. */
export async function approveCommand(recipe: string, options: ApproveOptions): Promise<number> {
  const state = stateDir(options.state)
  if (options.list) return print(readApprovals(state), options.json !== undefined)
  const scratch = await mkdtemp(join(tmpdir(), 'cc-ci-approve-'))
  try {
    const repo = await openRecipe(recipe, { recipesDir: options.recipes, cloneInto: join(scratch, 'clone') })
    if (options.revoke) return print(revoke(state, repo.origin), options.json !== undefined, 'revoked')
    const at = new Date().toISOString()
    const commit = await resolveRef(repo, options.branch ?? options.ref ?? 'HEAD')
    refuseDirty(repo.head.dirty, options)
    const approval: Approval =
      options.branch === undefined
        ? { repository: repo.origin, commit, branch: null, at }
        : { repository: repo.origin, commit: null, branch: options.branch, at }
    approve(state, approval)
    return print([approval], options.json !== undefined, 'approved')
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
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
    for (const { repository, commit, branch, at } of approvals)
      process.stdout.write(
        `${verb ? `${verb}: ` : ''}${repository}  ${branch === null ? `commit ${commit?.slice(0, 12)}` : `branch ${branch}`}  ${at}\n`,
      )
  return 0
}
