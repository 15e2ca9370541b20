import { rm } from 'node:fs/promises'
import type { CustomFile } from '../config/customization.ts'
import type { Settings } from '../config/settings.ts'
import { type App, NOTHING_ADDED, type Release } from '../deploy/deployer.ts'
import { messageOf, RecipeError } from '../lib/errors.ts'
import { refuseBadImages } from '../recipe/bad-images.ts'
import type { RecipeRepo, RecipeTree } from '../recipe/model.ts'
import { exportTree, resolveRef } from '../recipe/repo.ts'
import { readTree } from '../recipe/tree.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { BaseRef, SkipKind } from '../verdict/events.ts'
import { type Candidates, candidatesOf } from './candidates.ts'
import type { Canonical } from './canonical.ts'
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
  /** There is, or may be, a release to upgrade from, and it cannot be had: an upgrade that should be judged and cannot. */
  | { readonly kind: 'unresolved'; readonly cause: Cause }
  /** `skip`: how the upgrade tier is skipped. Default: structural. `same`: the newest release before head, which runs the same. */
  | { readonly kind: 'none'; readonly reason: string; readonly skip?: SkipKind; readonly same?: BaseRef }
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
  /** Whose data the base gets when it is of that version; it does not decide which one is taken. */
  readonly canonical?: Canonical | null
}

/**
 * Pin, then the newest released tag that is an ancestor of head (else of the target branch), then the tip of the target branch: the candidates
 * in their order. Base and head must differ in something that runs: an unpinned choice steps back until one does.
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
  const ref = withData({ version: asked, commit, source: 'pin' }, question)
  const candidate = await candidateOf(question, ref)
  if (candidate.differs.length === 0)
    return { kind: 'no-delta', ref, considered: [`${asked}: pinned, but runs the same as head`] }
  const data = ref.source === 'canonical' ? ', with the data of its canonical' : ''
  return { kind: 'base', ref, ...candidate, considered: [`${asked}: pinned${data}`] }
}

/**
 * What lint compares head with: the version that the upgrade starts from, or would start from where none is wanted; null where there is none.
 * What it reads for that is gone again from `question.dir`.
 */
export async function comparedByLint(base: BaseChoice, question: BaseQuestion): Promise<BaseRef | null> {
  if (base.kind !== 'none' || base.skip === undefined) return refOf(base)
  const automatic = await automaticBase(question)
  await rm(question.dir, { recursive: true, force: true })
  return refOf(automatic)
}

function refOf(base: BaseChoice): BaseRef | null {
  if (base.kind === 'none') return base.same ?? null
  return base.kind === 'unresolved' ? null : base.ref
}

async function automaticBase(question: BaseQuestion): Promise<BaseChoice> {
  const { repo, head } = question
  const considered: string[] = []
  if (repo.history.kind === 'partial') return { kind: 'unresolved', considered, cause: historyLacks(repo.history) }
  const candidates = await candidatesOf(repo, head)
  let same: BaseRef | undefined
  for (const { name, ref: bare, why } of candidates.all) {
    if (!bare) {
      considered.push(`${name}: ${why}`)
      continue
    }
    const ref = withData(bare, question)
    const candidate = await tryCandidate(question, ref)
    if (typeof candidate !== 'string') {
      considered.push(`${name}: chosen (${bare.source})${ref === bare ? '' : ', with the data of its canonical'}`)
      return { kind: 'base', ref, ...candidate, considered }
    }
    considered.push(`${name}: ${candidate}`)
    if (candidate === SAME) same ??= ref
  }
  if (same) return { kind: 'none', reason: 'no older version differs in something that runs', considered, same }
  return { ...noBase(candidates, considered), considered }
}

function noBase({ all, without }: Candidates, considered: readonly string[]) {
  if (all.some(({ ref }) => ref)) {
    const message = 'there are older releases, but none of them can be read, so there is nothing to upgrade from'
    return { kind: 'unresolved', cause: cause('compose-invalid', message, { lines: considered }) } as const
  }
  if (without.kind === 'never') return { kind: 'none', reason: without.reason } as const
  const message = `there are released versions, and head comes after none of them: ${without.tags.join(', ')}`
  const hint = `Merge the commit of the release that operators have, or name it: \`upgrade.from: ${without.tags[0]}\` in cc-ci.yml, or --base.`
  return {
    kind: 'unresolved',
    cause: cause('base-unknown', message, { blame: 'recipe', hint, lines: considered }),
  } as const
}

function historyLacks({ lacks, mend, why }: Extract<RecipeRepo['history'], { kind: 'partial' }>): Cause {
  const message = `${lacks}, so the newest version before head is not known${why ? ` (${why})` : ''}`
  return cause('base-unknown', message, { hint: `Type: ${mend}. Or name the version: --base VERSION.` })
}

function withData(ref: BaseRef, { canonical }: BaseQuestion): BaseRef {
  if (!canonical || canonical.commit !== ref.commit || ref.source === 'branch') return ref
  return { version: canonical.version, commit: ref.commit, source: 'canonical' }
}

const SAME = 'runs the same as head'

async function tryCandidate(question: BaseQuestion, ref: BaseRef): Promise<Candidate | string> {
  try {
    const candidate = await candidateOf(question, ref)
    refuseBadImages(candidate.release.stack)
    return candidate.differs.length === 0 ? SAME : candidate
  } catch (error) {
    if (error instanceof RecipeError) return `cannot be resolved (${messageOf(error).split('\n')[0]})`
    throw error
  }
}

interface Candidate {
  readonly tree: RecipeTree
  readonly source: ReleaseSource
  readonly release: Release
  readonly differs: readonly string[]
}

async function candidateOf(question: BaseQuestion, ref: BaseRef): Promise<Candidate> {
  const { repo, app, head, settings, dir, overlay, canonical } = question
  await rm(dir, { recursive: true, force: true })
  await exportTree(repo, ref.commit, dir)
  if (overlay) await layOver(overlay, dir)
  const read = await readTree(dir)
  const data = canonical && ref.source === 'canonical' ? canonical.secrets : null
  // Operators keep their env file and their secrets, as the data knows them.
  const tree = data ? { ...read, env: { ...read.env, values: data.env } } : read
  const added = data ? { ...NOTHING_ADDED, secretValues: data.values } : NOTHING_ADDED
  const chaos = ref.source === 'branch' || !repo.versions.some((version) => version.commit === ref.commit)
  const { commit } = ref
  const source = { app, tree, commit, chaos, dirty: false, overlay: overlay?.shown ?? null, added }
  const release = await newAppRelease(source, settings)
  return { tree, source, release, differs: runningDifference(release, head) }
}
