// cspell:ignore lstrip symref
import { UsageError } from '../../lib/errors.ts'
import { didYouMean } from '../../lib/text/did-you-mean.ts'
import type { RecipeRepo } from '../model.ts'
import { git, gitOk } from './git.ts'

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

/**
 * The same for the version that an upgrade starts from, where `1.2.0` may stand for the newest tag of that version of the recipe, such as `1.2.0+4.5`.
 * `name`: the tag that was meant, else what was asked for.
 */
export async function resolveRelease(repo: RecipeRepo, text: string): Promise<{ name: string; commit: string }> {
  try {
    return { name: text, commit: await resolveRef(repo, text) }
  } catch (error) {
    const meant = repo.versions.findLast(({ recipe }) => recipe === text)
    if (!meant) throw error
    return { name: meant.tag, commit: meant.commit }
  }
}

/** Names of the tags whose commit is this one or an ancestor of it. */
export function tagsWithin(repo: Pick<RecipeRepo, 'dir'>, commit: string): Promise<ReadonlySet<string>> {
  return tagsBy(repo, '--merged', commit)
}

/** Names of the tags whose commit is this one or comes after it. */
export function tagsAfter(repo: Pick<RecipeRepo, 'dir'>, commit: string): Promise<ReadonlySet<string>> {
  return tagsBy(repo, '--contains', commit)
}

async function tagsBy({ dir }: Pick<RecipeRepo, 'dir'>, how: string, commit: string): Promise<ReadonlySet<string>> {
  const tags = await gitOk(dir, ['tag', '--list', '--format=%(refname:lstrip=2)', how, commit])
  return new Set(tags.split('\n').filter(Boolean))
}

/** True when `older` is `newer` or an ancestor of it. */
export async function isWithin({ dir }: Pick<RecipeRepo, 'dir'>, older: string, newer: string): Promise<boolean> {
  return (await git(dir, ['merge-base', '--is-ancestor', older, newer])).exitCode === 0
}

export interface TargetBranch {
  /** `main`, or `origin/main` as a clone knows it. */
  readonly name: string
  readonly commit: string
}

/** Where the target branch is looked for: what the origin calls its own first. The checkout of a worker has the target of the pull request there. */
const TARGETS = ['remotes/origin/HEAD', 'remotes/origin/main', 'remotes/origin/master', 'heads/main', 'heads/master']

/** The branch that a change is made for; null where no branch can be told to be it. */
export async function targetBranch({ dir }: Pick<RecipeRepo, 'dir'>): Promise<TargetBranch | null> {
  const format = '%(refname:lstrip=1)%00%(objectname)%00%(refname:lstrip=2)%00%(symref:lstrip=2)'
  const rows = await gitOk(dir, ['for-each-ref', `--format=${format}`, ...TARGETS.map((name) => `refs/${name}`)])
  const branches = new Map(
    rows
      .split('\n')
      .filter(Boolean)
      .map((row) => row.split('\0'))
      .map(([ref = '', commit = '', name = '', leadsTo = '']) => [ref, { name: leadsTo || name, commit }]),
  )
  return TARGETS.map((ref) => branches.get(ref)).find(Boolean) ?? null
}

async function refNotFound(repo: RecipeRepo, ref: string): Promise<UsageError> {
  const refs = ['for-each-ref', '--format=%(refname:short)', 'refs/heads', 'refs/remotes/origin']
  const branches = (await gitOk(repo.dir, refs))
    .split('\n')
    .filter((name) => name && name !== 'origin' && !name.endsWith('/HEAD'))
  const versions = [...repo.versions.map(({ tag }) => tag), ...repo.lightweightTags]
  const list = (names: string[]) => (names.length > 0 ? names.slice(-12).join(', ') : 'none')
  return new UsageError('ref-not-found', `${repo.name} has no commit, tag or branch "${ref}"`, {
    hint: `Versions: ${list(versions)}. Branches: ${list(branches)}.${didYouMean(ref, [...versions, ...branches])}${maybeElsewhere(repo)}`,
  })
}

function maybeElsewhere({ history }: RecipeRepo): string {
  return history.kind === 'partial' ? ` It may be elsewhere, for ${history.lacks}: ${history.remedy}` : ''
}
