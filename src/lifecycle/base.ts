import { rm } from 'node:fs/promises'
import type { CustomFile } from '../config/customization.ts'
import type { Settings } from '../config/settings.ts'
import { type App, NOTHING_ADDED, type Release } from '../deploy/deployer.ts'
import { CcCiError, messageOf } from '../lib/errors.ts'
import type { RecipeRepo, RecipeTree } from '../recipe/model.ts'
import { exportTree, resolveRef, tagsWithin } from '../recipe/repo.ts'
import { readTree } from '../recipe/tree.ts'
import type { BaseRef, SkipKind } from '../verdict/events.ts'
import { runningDifference } from './difference.ts'
import { layOver } from './overlay.ts'
import { newAppRelease, type ReleaseSource } from './release.ts'

/** Where the upgrade starts, or why there is no upgrade to judge. `considered` tells the reader every step of the choice. */
export type BaseChoice = { readonly considered: readonly string[] } & (
  | {
      readonly kind: 'base'
      readonly ref: BaseRef
      readonly tree: RecipeTree
      readonly source: ReleaseSource
      readonly release: Release
      readonly differs: readonly string[]
    }
  | { readonly kind: 'no-delta'; readonly ref: BaseRef }
  /** There are older releases, and not one of them could be read: an upgrade that should be judged and cannot. */
  | { readonly kind: 'unresolved' }
  /** `skip`: how the upgrade tier is skipped. Default: structural. */
  | { readonly kind: 'none'; readonly reason: string; readonly skip?: SkipKind }
)

export interface BaseQuestion {
  readonly repo: RecipeRepo
  readonly app: App
  readonly head: Release
  readonly settings: Settings
  /** `auto`, `none`, or a version or ref that the caller pinned; it wins over the setting `upgrade.from`. */
  readonly asked: string
  /** The checkout of the candidate under consideration; in the end, of the chosen one. */
  readonly dir: string
  /** The CI overlay, which applies to the base as well. */
  readonly overlay: CustomFile | null
}

/**
 * Pin, then the newest released tag that is an ancestor of head (else of the target branch), then the tip of the target branch. Never head's own
 * commit, unless the worktree has changes on top of it. The label of head rules no tag out: a change before its release carries the label
 * of the newest one, which is what operators have. Base and head must differ in something that runs: an unpinned choice steps back until one does.
 */
export async function chooseBase(question: BaseQuestion): Promise<BaseChoice> {
  const asked = question.asked === 'auto' ? question.settings.upgrade.from : question.asked
  if (question.asked === 'none')
    return { kind: 'none', reason: 'no base wanted (--base none)', considered: [], skip: 'not-selected' }
  if (asked === 'none') return { kind: 'none', reason: 'upgrade.from is none', considered: [], skip: 'declared' }
  if (asked !== 'auto') return pinnedBase(question, asked)
  return automaticBase(question)
}

async function pinnedBase(question: BaseQuestion, asked: string): Promise<BaseChoice> {
  const commit = await resolveRef(question.repo, asked)
  const ref: BaseRef = { version: asked, commit, source: 'pin' }
  const candidate = await candidateOf(question, ref)
  if (candidate.differs.length === 0)
    return { kind: 'no-delta', ref, considered: [`${asked}: pinned, but runs the same as head`] }
  return { kind: 'base', ref, ...candidate, considered: [`${asked}: pinned`] }
}

async function automaticBase(question: BaseQuestion): Promise<BaseChoice> {
  const considered: string[] = []
  let read = 0
  for (const ref of await automaticRefs(question)) {
    const candidate = await tryCandidate(question, ref)
    if (candidate === SAME) read += 1
    if (typeof candidate === 'string') {
      considered.push(`${ref.version}: ${candidate}`)
    } else {
      considered.push(`${ref.version}: chosen (${ref.source})`)
      return { kind: 'base', ref, ...candidate, considered }
    }
  }
  if (considered.length > 0 && read === 0) return { kind: 'unresolved', considered }
  return { kind: 'none', reason: noBaseReason(question.repo, considered), considered }
}

function noBaseReason({ lightweightTags }: RecipeRepo, considered: readonly string[]): string {
  if (considered.length > 0) return 'no older version differs in something that runs'
  if (lightweightTags.length === 0) return 'no released version to upgrade from'
  return `no released version to upgrade from: ${lightweightTags.slice(0, 3).join(', ')} is a lightweight tag, which is no release (R014)`
}

const SAME = 'runs the same as head'

async function tryCandidate(question: BaseQuestion, ref: BaseRef): Promise<Candidate | string> {
  try {
    const candidate = await candidateOf(question, ref)
    return candidate.differs.length === 0 ? SAME : candidate
  } catch (error) {
    if (error instanceof CcCiError) return `cannot be resolved (${messageOf(error).split('\n')[0]})`
    throw error
  }
}

async function automaticRefs({ repo, head }: BaseQuestion): Promise<BaseRef[]> {
  const isHead = (commit: string) => commit === head.commit && !head.dirty
  const target = await targetBranch(repo)
  for (const commit of [head.commit, ...(target ? [target.commit] : [])]) {
    const within = await tagsWithin(repo, commit)
    const released = repo.versions.filter((version) => within.has(version.tag) && !isHead(version.commit))
    if (released.length > 0)
      return released.toReversed().map((version) => ({ version: version.tag, commit: version.commit, source: 'tag' }))
  }
  if (repo.versions.length > 0 || !target || isHead(target.commit)) return []
  return [target]
}

async function targetBranch(repo: RecipeRepo): Promise<BaseRef | null> {
  for (const branch of ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master']) {
    const commit = await resolveRef(repo, branch).catch((error: unknown) => {
      if (error instanceof CcCiError) return null
      throw error
    })
    if (commit) return { version: branch, commit, source: 'branch' }
  }
  return null
}

interface Candidate {
  readonly tree: RecipeTree
  readonly source: ReleaseSource
  readonly release: Release
  readonly differs: readonly string[]
}

async function candidateOf(question: BaseQuestion, ref: BaseRef): Promise<Candidate> {
  const { repo, app, head, settings, dir, overlay } = question
  await rm(dir, { recursive: true, force: true })
  await exportTree(repo, ref.commit, dir)
  if (overlay) await layOver(overlay, dir)
  const tree = await readTree(dir)
  const chaos = ref.source === 'branch' || !repo.versions.some((version) => version.commit === ref.commit)
  const { commit } = ref
  const source = { app, tree, commit, chaos, dirty: false, overlay: overlay?.shown ?? null, added: NOTHING_ADDED }
  const release = await newAppRelease(source, settings)
  return { tree, source, release, differs: runningDifference(release, head) }
}
