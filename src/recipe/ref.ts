import { UsageError } from '../lib/errors.ts'
import { git, gitOk } from './git.ts'
import type { RecipeRepo } from './model.ts'
import { didYouMean } from './nearest.ts'

/**
 * The commit (40 hex) that a tag, branch, remote branch or commit names. Throws UsageError `ref-not-found` that lists the
 * versions and branches there are.
 */
export async function resolveRef(repo: RecipeRepo, ref: string): Promise<string> {
  if (/^[\w./+@^~{}-]+$/.test(ref) && !ref.startsWith('-')) {
    // A tag may be called like another commit's id: an id is never looked up as anything else.
    const names = /^[0-9a-f]{40}$/.test(ref) ? [ref] : [`refs/tags/${ref}`, ref, `origin/${ref}`]
    for (const name of names) {
      const found = await git(repo.dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
      if (found.exitCode === 0) return found.stdout.trim()
    }
  }
  throw await refNotFound(repo, ref)
}

/** Names of the tags whose commit is this one or an ancestor of it. */
export async function tagsWithin(repo: Pick<RecipeRepo, 'dir'>, commit: string): Promise<ReadonlySet<string>> {
  const tags = await gitOk(repo.dir, ['tag', '--list', '--format=%(refname:short)', '--merged', commit])
  return new Set(tags.split('\n').filter(Boolean))
}

async function refNotFound(repo: RecipeRepo, ref: string): Promise<UsageError> {
  const refs = ['for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/remotes/origin']
  const branches = (await gitOk(repo.dir, refs))
    .split('\n')
    .filter((name) => name && name !== 'origin' && !name.endsWith('/HEAD'))
  const versions = [...repo.versions.map(({ tag }) => tag), ...repo.lightweightTags]
  const list = (names: string[]) => (names.length > 0 ? names.slice(-12).join(', ') : 'none')
  return new UsageError('ref-not-found', `${repo.name} has no commit, tag or branch "${ref}"`, {
    hint: `Versions: ${list(versions)}. Branches: ${list(branches)}.${didYouMean(ref, [...versions, ...branches])}`,
  })
}
