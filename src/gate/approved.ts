import { git, gitOk, withoutFilters } from '../recipe/git.ts'
import type { RecipeRepo } from '../recipe/model.ts'
import type { Approval } from './approvals.ts'

export interface ApprovalQuestion {
  readonly repo: RecipeRepo
  /** The commit whose code would run. */
  readonly commit: string
  /** The work tree is judged, not the commit alone. */
  readonly worktree: boolean
  readonly approvals: readonly Approval[]
  /** The caller approves the code as it lies there, for this once. */
  readonly once: boolean
}

/**
 * What allows the code of the recipe repository to run, as text for the results; null: nothing does, and it is refused. An approval of a
 * commit or branch says nothing about uncommitted changes of that code.
 */
export async function approvalFor(question: ApprovalQuestion): Promise<string | null> {
  const { repo, commit, approvals, once, worktree } = question
  if (once) return `approved for this run${worktree ? ', as it lies in the work tree' : ''}`
  const mine = approvals.filter(({ repository }) => repository === repo.origin)
  if (mine.length === 0 || (worktree && (await codeIsChanged(repo.dir)))) return null
  if (mine.some((approval) => approval.commit === commit)) return `commit ${commit.slice(0, 8)} is approved`
  for (const { branch } of mine) {
    if (branch !== null && (await tipOf(repo, branch)).includes(commit)) return `branch ${branch} is approved`
  }
  return null
}

async function codeIsChanged(dir: string): Promise<boolean> {
  const args = ['status', '--porcelain', '--untracked-files=all', '--ignore-submodules=all', '--', 'cc-ci']
  return (await gitOk(dir, args, { config: await withoutFilters(dir) })).trim() !== ''
}

/** A branch of the repository itself, here or as a clone knows it; never a tag that calls itself like one. */
async function tipOf({ dir }: RecipeRepo, branch: string): Promise<string[]> {
  if (!/^[\w./+@-]+$/.test(branch) || branch.includes('@{')) return []
  const refs = [`refs/heads/${branch}`, `refs/remotes/origin/${branch}`]
  const found = await Promise.all(
    refs.map((ref) => git(dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`])),
  )
  return found.filter(({ exitCode }) => exitCode === 0).map(({ stdout }) => stdout.trim())
}
