// cspell:ignore lstrip
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gitOk, withoutFilters } from '../../recipe/repository/git.ts'

const GIT_DEADLINE_MS = 300_000

/** What of a bundle is wanted: the commit under test, branches as a clone knows them, and all versions. */
const REFS = ['+refs/heads/*:refs/remotes/origin/*', '+refs/cc-ci/*:refs/cc-ci/*', '+refs/tags/*:refs/tags/*']

export interface CheckoutOrder {
  /** `ORG/REPO`. */
  readonly repository: string
  readonly commit: string
  /** The base of the pull request; null where there is none. Data, like every name. */
  readonly baseBranch: string | null
}

/**
 * A clone of the bundle with the commit checked out, in `<into>/<name>`: the recipe is called as its repository is. Its target branch is what
 * a clone calls `origin/HEAD`. Nothing in the bundle is run. Throws InfraError `git-failed`.
 */
export async function checkOut(bundle: string, into: string, order: CheckoutOrder): Promise<string> {
  const { repository, commit } = order
  const dir = join(into, recipeNameOf(repository))
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await gitOk(dir, ['init', '--quiet', '--template=', '--initial-branch=cc-ci-checkout'])
  const fetch = ['fetch', '--quiet', '--no-recurse-submodules', '--no-write-fetch-head', '--no-tags', bundle, ...REFS]
  await gitOk(dir, fetch, { timeoutMs: GIT_DEADLINE_MS, protocols: ['file'] })
  await nameTarget(dir, order.baseBranch)
  const config = await withoutFilters(dir)
  await gitOk(dir, ['checkout', '--quiet', '--detach', commit], { config, timeoutMs: GIT_DEADLINE_MS })
  return dir
}

/** What results call the recipe of a repository. */
export function recipeNameOf(repository: string): string {
  return repository.slice(repository.indexOf('/') + 1).replace(/^\.+|\.git$/g, '') || 'recipe'
}

/** The base of the pull request, where it came along; else the one branch that did, which is the default branch. */
async function nameTarget(dir: string, baseBranch: string | null): Promise<void> {
  const listed = await gitOk(dir, ['for-each-ref', '--format=%(refname:lstrip=3)', 'refs/remotes/origin'])
  const branches = listed.split('\n').filter((name) => name && name !== 'HEAD')
  const only = branches.length === 1 ? branches[0] : null
  const target = baseBranch !== null && branches.includes(baseBranch) ? baseBranch : only
  if (target) await gitOk(dir, ['symbolic-ref', 'refs/remotes/origin/HEAD', `refs/remotes/origin/${target}`])
}

export async function removeCheckout(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}
