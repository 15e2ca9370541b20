import { compareVersions } from '../../recipe/repository/versions.ts'
import { haveSameMeaning } from '../compare/dimensions.ts'
import type { RunSummary } from '../run-summary.ts'
import { evidenceOf, trackOf } from './lines.ts'
import type { UnreleasedFix } from './report.ts'

/**
 * Recipes whose newest release is red, by its newest run, while a later run of a commit that is no release is green. Judged by recorded facts alone: the tag
 * that lay on the commit when it ran, the version label of head (a change before its release carries the label of the newest release, or one after it), and the
 * order in time. Quick runs and runs with tiers left out are no proof of a repair: the tier that is red must have passed.
 */
export function fixedUnreleased(runs: readonly RunSummary[]): UnreleasedFix[] {
  const recipes = Map.groupBy(
    runs.filter(({ whole, recipe }) => whole && !recipe.dirty),
    ({ recipe }) => recipe.name,
  )
  return [...recipes].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([recipe, own]) => unreleasedIn(recipe, own))
}

function unreleasedIn(recipe: string, runs: readonly RunSummary[]): UnreleasedFix[] {
  const release = newestRelease(runs)
  const red = release?.tiers.find(({ status, cause }) => status === 'fail' && cause?.code !== 'blocked')
  if (release?.verdict !== 'fail' || !red) return []
  const green = runs.findLast((run) => isRepair(run, release, red.id))
  if (!green) return []
  const cause = red.cause?.code ?? null
  return [{ recipe, release: { ...evidenceOf(release), tier: red.id, cause }, green: evidenceOf(green) }]
}

/** The newest run of the highest version that was ever seen as a release. */
function newestRelease(runs: readonly RunSummary[]): RunSummary | undefined {
  const released = runs.filter((run) => trackOf(run) === 'release')
  const [highest] = released.map(({ recipe }) => recipe.released ?? '').sort((a, b) => compareVersions(b, a))
  return released.findLast(({ recipe }) => recipe.released === highest)
}

function isRepair(run: RunSummary, release: RunSummary, tier: string): boolean {
  const { version, released } = run.recipe
  if (released || run.id < release.id || run.verdict !== 'pass' || !haveSameMeaning(run, release)) return false
  const isLater = version !== null && compareVersions(version, release.recipe.released ?? '') >= 0
  return isLater && run.tiers.some(({ id, status }) => id === tier && status === 'pass')
}
