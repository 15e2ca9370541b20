import { rm } from 'node:fs/promises'
import type { CustomFile } from '../../config/customization.ts'
import type { Settings } from '../../config/settings.ts'
import { type App, NO_ADDITIONS, type Release } from '../../deploy/deployer.ts'
import { readTree } from '../../recipe/files/tree.ts'
import type { RecipeRepo, RecipeTree } from '../../recipe/model.ts'
import { exportTree } from '../../recipe/repository/repo.ts'
import type { BaseRef } from '../../verdict/events.ts'
import { applyOverlay } from '../planning/overlay.ts'
import { newAppRelease, type ReleaseSource } from '../planning/release.ts'
import type { Canonical } from '../stored-data/canonical.ts'
import { runningDifference } from './difference.ts'

export interface BaseQuery {
  readonly repo: RecipeRepo
  readonly app: App
  readonly head: Release
  readonly settings: Settings
  /** `auto`, `none`, a version or ref that the caller pinned, or a chain of them (see `chain.ts`); it wins over the setting `upgrade.from`. */
  readonly requested: string
  /** The checkout of the candidate under consideration; in the end, of the chosen one. */
  readonly dir: string
  /** Where the releases on the way are checked out. */
  readonly viaDir: string
  /** The CI overlay, which applies to the base as well. */
  readonly overlay: CustomFile | null
  /** Whose data the base gets when it is of that version; it does not decide which one is taken. */
  readonly canonical?: Canonical | null
  /** Values of secrets that the app has already, by key. Default: none. */
  readonly secretValues?: ReadonlyMap<string, string>
}

/** The same with the data of the canonical, where that is of this version. */
export function withData(ref: BaseRef, { canonical }: BaseQuery): BaseRef {
  if (!canonical || canonical.commit !== ref.commit || ref.source === 'branch') return ref
  return { version: canonical.version, commit: ref.commit, source: 'canonical' }
}

export interface BaseCandidate {
  readonly tree: RecipeTree
  readonly source: ReleaseSource
  readonly release: Release
  readonly differs: readonly string[]
}

/** The release in its checkout, and what of head differs from it. Throws RecipeError for one that cannot be read. */
export async function candidateOf(question: BaseQuery, ref: BaseRef, dir = question.dir): Promise<BaseCandidate> {
  const { repo, app, head, settings, overlay, canonical, secretValues = NO_ADDITIONS.secretValues } = question
  await rm(dir, { recursive: true, force: true })
  await exportTree(repo, ref.commit, dir)
  if (overlay) await applyOverlay(overlay, dir)
  const read = await readTree(dir)
  const data = canonical && ref.source === 'canonical' ? canonical.secrets : null
  // Operators keep their env file and their secrets, as the data knows them.
  const tree = data ? { ...read, env: { ...read.env, values: data.env } } : read
  const { rawSockets } = head.added
  const added = { ...NO_ADDITIONS, rawSockets, secretValues: data?.values ?? secretValues }
  const chaos = ref.source === 'branch' || !repo.versions.some((version) => version.commit === ref.commit)
  const { commit } = ref
  const source = { app, tree, commit, chaos, dirty: false, overlay: overlay?.shown ?? null, added }
  const release = await newAppRelease(source, settings)
  return { tree, source, release, differs: runningDifference(release, head) }
}
