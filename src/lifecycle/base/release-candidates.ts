import type { Release } from '../../deploy/deployer.ts'
import type { RecipeRepo, RecipeVersion } from '../../recipe/model.ts'
import { isWithin, type TargetBranch, tagsAfter, tagsWithin, targetBranch } from '../../recipe/repository/repo.ts'
import { compareVersions } from '../../recipe/repository/versions.ts'
import type { BaseRef } from '../../verdict/events.ts'

/** A version that an upgrade may start from, or one of which its place in the history says that it may not. */
type Candidate =
  | { readonly name: string; readonly ref: BaseRef; readonly why?: never }
  | { readonly name: string; readonly ref?: never; readonly why: string }

export interface Candidates {
  /** Newest first. */
  readonly all: readonly Candidate[]
  /** What it means when none of them may be taken: nothing was released before head, or these were, elsewhere. */
  readonly without:
    | { readonly kind: 'never'; readonly reason: string }
    | { readonly kind: 'elsewhere'; readonly tags: readonly string[] }
}

type Head = Pick<Release, 'commit' | 'dirty'>

/**
 * Where the upgrade to `head` may start, by the history alone: the releases that head comes after, else those of the target branch that it does
 * not precede, else the tip of that branch where nothing was ever released. Versions give the order. Never head's own commit, unless the
 * work tree has changes on top of it. The label of head rules no tag out: a change before its release carries the label of the newest one,
 * which is what operators have.
 */
export async function candidatesOf(repo: RecipeRepo, head: Head): Promise<Candidates> {
  const [target, before, after] = await Promise.all([
    targetBranch(repo),
    tagsWithin(repo, head.commit),
    tagsAfter(repo, head.commit),
  ])
  const ofTarget = target ? await tagsWithin(repo, target.commit) : new Set<string>()
  const own = ({ commit }: RecipeVersion) => commit === head.commit && !head.dirty
  const mayBe = [
    repo.versions.filter((version) => before.has(version.tag) && !own(version)),
    repo.versions.filter(({ tag }) => ofTarget.has(tag) && !after.has(tag)),
  ].find((versions) => versions.length > 0)
  const place = (version: RecipeVersion): Candidate => {
    const { tag: name, commit } = version
    if (mayBe?.includes(version)) return { name, ref: { version: name, commit, source: 'tag' } }
    if (own(version)) return { name, why: "is head's own commit" }
    if (after.has(name)) return { name, why: 'was released after head' }
    return { name, why: `is not in the history of head${mayBe || !target ? '' : ` or of ${target.name}`}` }
  }
  const tags = [
    ...repo.versions.map(place),
    ...repo.lightweightTags.map((name) => ({ name, why: 'is not annotated, so it is no release (R014)' })),
  ].sort((a, b) => compareVersions(b.name, a.name))
  const elsewhere = repo.versions.filter((version) => !own(version) && !after.has(version.tag))
  if (elsewhere.length > 0)
    return { all: tags, without: { kind: 'elsewhere', tags: elsewhere.map(({ tag }) => tag).toReversed() } }
  const tip = repo.versions.length === 0 && target ? await tipOf(repo, head, target) : []
  return { all: [...tags, ...tip], without: { kind: 'never', reason: neverReleased(repo) } }
}

/** A tip that head is part of would be an upgrade to what is older. */
async function tipOf(repo: RecipeRepo, head: Head, { name, commit }: TargetBranch): Promise<Candidate[]> {
  const later = commit === head.commit ? !head.dirty : await isWithin(repo, head.commit, commit)
  return later ? [] : [{ name, ref: { version: name, commit, source: 'branch' } }]
}

function neverReleased({ versions, lightweightTags }: RecipeRepo): string {
  if (versions.length > 0) return 'no version was released before head'
  if (lightweightTags.length === 0) return 'no released version to upgrade from'
  return `no released version to upgrade from: ${lightweightTags.slice(0, 3).join(', ')} is a lightweight tag, which is no release (R014)`
}
