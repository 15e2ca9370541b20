// cspell:ignore lstrip
import { UsageError } from '../../lib/errors.ts'
import { didYouMean } from '../../lib/text/did-you-mean.ts'
import type { RecipeRepo } from '../../recipe/model.ts'
import { git, gitOk, withoutFilters } from '../../recipe/repository/git.ts'
import { assertReadable } from '../../recipe/repository/ownership.ts'
import { resolveRef } from '../../recipe/repository/repo.ts'

export interface Range {
  readonly old: string
  readonly new: string
}

/** `OLD..NEW`, each a commit, tag or branch. Throws UsageError `bad-range`; `flag` names what it was given to. */
export function parseRange(text: string, flag: string): Range {
  const [old, fresh, more] = text.split(/(?<!\.)\.\.(?!\.)/)
  if (old && fresh && more === undefined && ![old, fresh].some(isNoName)) return { old, new: fresh }
  throw new UsageError('bad-range', `${flag}: "${text}" is no range of two commits`, {
    hint: `Write OLD..NEW with two dots, each a commit, a tag or a branch: ${flag} main~3..main`,
  })
}

/** What git takes for no single commit, or for no name. */
function isNoName(end: string): boolean {
  return /\s|\.\.|^\.|\.$/.test(end)
}

/** Throws UsageError `ref-not-found`, `equal-ends`, `dirty-tree`. */
export async function resolveRecipeRange(repo: RecipeRepo, range: Range): Promise<Range> {
  const ends = { old: await resolveRef(repo, range.old), new: await resolveRef(repo, range.new) }
  assertTwo('--ref', range, ends, 'the recipe')
  if (repo.head.dirty && Object.values(ends).includes(repo.head.commit)) throw dirty(repo.dir, repo.head.commit)
  return ends
}

/** The one commit of a recipe that does not move: what is checked out. Throws UsageError `dirty-tree`. */
export function recipeHead({ dir, head }: RecipeRepo): Range {
  if (head.dirty) throw dirty(dir, head.commit)
  return { old: head.commit, new: head.commit }
}

/** Throws UsageError `not-a-repository`, `commit-not-found`, `equal-ends`, `dirty-tree`. */
export async function resolveToolRange(dir: string, range: Range): Promise<Range> {
  const head = await toolHead(dir)
  if (head === null) {
    throw new UsageError('not-a-repository', `--tool: ${dir} is not the top of a git repository of cc-ci`, {
      hint: 'Clone the repository of cc-ci and name its folder with --tool-repo DIR.',
    })
  }
  const ends = { old: await commitOf(dir, range.old), new: await commitOf(dir, range.new) }
  assertTwo('--tool', range, ends, 'cc-ci')
  if (head.dirty && Object.values(ends).includes(head.commit)) throw dirty(dir, head.commit)
  return ends
}

/** The one commit of cc-ci that does not move; null for a build that is in no repository. Throws UsageError `dirty-tree`. */
export async function pinnedHead(dir: string): Promise<string | null> {
  const head = await toolHead(dir)
  if (head?.dirty) throw dirty(dir, head.commit)
  return head?.commit ?? null
}

async function toolHead(dir: string): Promise<{ commit: string; dirty: boolean } | null> {
  const top = await git(dir, ['rev-parse', '--show-prefix', '--verify', 'HEAD^{commit}']).catch(() => null)
  const [prefix, commit] = top?.stdout.split('\n') ?? []
  if (top && top.exitCode !== 0) await assertReadable(dir)
  if (top?.exitCode !== 0 || prefix !== '' || !commit) return null
  const status = await gitOk(dir, ['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all'], {
    config: await withoutFilters(dir),
  })
  return { commit, dirty: status.trim() !== '' }
}

async function commitOf(dir: string, ref: string): Promise<string> {
  if (/^[\w./+@^~{}-]+$/.test(ref) && !ref.startsWith('-')) {
    for (const name of [ref, `origin/${ref}`]) {
      const found = await git(dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`])
      if (found.exitCode === 0) return found.stdout.trim()
    }
  }
  const names = await gitOk(dir, ['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads', 'refs/tags'])
  const known = names.split('\n').filter(Boolean)
  throw new UsageError('commit-not-found', `--tool: the repository of cc-ci at ${dir} has no commit "${ref}"`, {
    hint: `Branches and tags: ${known.slice(-12).join(', ') || 'none'}.${didYouMean(ref, known)} A commit that is elsewhere must be fetched first.`,
  })
}

function assertTwo(flag: string, range: Range, ends: Range, what: string): void {
  if (ends.old !== ends.new) return
  throw new UsageError(
    'equal-ends',
    `${flag}: ${range.old} and ${range.new} are the same commit of ${what}, ${ends.old.slice(0, 12)}`,
    { hint: `Name two commits, or leave ${flag} out: then it does not move.` },
  )
}

function dirty(dir: string, commit: string): UsageError {
  return new UsageError(
    'dirty-tree',
    `${dir} has changes that are in no commit, and ${commit.slice(0, 12)} is checked out there`,
    {
      hint: 'An attribution runs commits: commit or stash the changes, or name two other commits.',
    },
  )
}

/** The commits from the old end to the new one, both included, by first parents. Throws UsageError `not-a-line`. */
export async function commitsBetween(dir: string, { old, new: fresh }: Range): Promise<string[]> {
  const line = await gitOk(dir, ['rev-list', '--first-parent', '--reverse', `${old}..${fresh}`])
  const commits = line.split('\n').filter(Boolean)
  const [first] = commits
  const parent =
    first === undefined ? null : (await git(dir, ['rev-parse', '--verify', '--quiet', `${first}^1`])).stdout.trim()
  if (parent === old) return [old, ...commits]
  throw new UsageError(
    'not-a-line',
    `--bisect: ${old.slice(0, 12)} is no first-parent ancestor of ${fresh.slice(0, 12)} in ${dir}`,
    {
      hint: 'Only a line of commits can be searched: name an older commit of the same branch as the old end, or leave --bisect out.',
    },
  )
}
