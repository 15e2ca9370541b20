import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { gitOk, withoutFilters } from '../../recipe/git.ts'

const GIT_DEADLINE_MS = 300_000

/** What of a bundle is wanted: the commit under test, branches as a clone knows them, and all versions. */
const REFS = ['+refs/heads/*:refs/remotes/origin/*', '+refs/cc-ci/*:refs/cc-ci/*', '+refs/tags/*:refs/tags/*']

/**
 * A clone of the bundle with the commit checked out, in `<into>/<name>`: the recipe is called as its repository is. Nothing in the bundle is run.
 * Throws InfraError `git-failed`.
 */
export async function checkOut(bundle: string, into: string, repository: string, commit: string): Promise<string> {
  const name = repository.slice(repository.indexOf('/') + 1).replace(/^\.+|\.git$/g, '')
  const dir = join(into, name || 'recipe')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await gitOk(dir, ['init', '--quiet', '--template=', '--initial-branch=cc-ci-checkout'])
  const fetch = ['fetch', '--quiet', '--no-recurse-submodules', '--no-write-fetch-head', '--no-tags', bundle, ...REFS]
  await gitOk(dir, fetch, { deadlineMs: GIT_DEADLINE_MS })
  const config = await withoutFilters(dir)
  await gitOk(dir, ['checkout', '--quiet', '--detach', commit], { config, deadlineMs: GIT_DEADLINE_MS })
  return dir
}

export async function removeCheckout(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true, maxRetries: 3 })
}
