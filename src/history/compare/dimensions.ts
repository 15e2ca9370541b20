import { upgradePath } from '../../verdict/events.ts'
import { comparableEnvironment } from '../environment.ts'
import { type FactDifference, factDifferences } from '../facts.ts'
import type { RunSummary } from '../run-summary.ts'
import { areEquivalent } from './evidence-schemas.ts'

/** What may differ between two runs, and may be what a comparison is about. */
export const DIMENSIONS = {
  recipe: 'the commit of the recipe',
  base: 'the version that the upgrade starts from',
  settings: "the operator's settings",
  tool: 'cc-ci itself',
  environment: 'the machine, its engine, edge and browser, or an image that has moved under its name',
} as const

export type Dimension = keyof typeof DIMENSIONS

/** One thing that is not the same in both runs; its key is for example `engine`, `image nginx:1.27` or `health.path`. */
export interface Difference extends FactDifference {
  readonly dimension: Dimension
}

/** Everything that differs, dimension by dimension. The base belongs to the recipe: it counts by itself where the recipe is the same. */
export function differencesOf(before: RunSummary, after: RunSummary): Difference[] {
  const recipe = recipeDifferences(before, after)
  return [
    ...recipe,
    ...(recipe.length === 0 ? baseDifferences(before, after) : []),
    ...settingDifferences(before, after),
    ...named('tool', toolFacts(before), toolFacts(after)),
    ...named('environment', factsOf(before), factsOf(after)),
    ...imageDifferences(before, after),
  ]
}

/** True where both outcomes mean the same: see `EVIDENCE_SCHEMA`. */
export function haveSameMeaning(before: RunSummary, after: RunSummary): boolean {
  return areEquivalent(before.evidenceSchema, after.evidenceSchema)
}

/** A commit does not say what ran where there were changes on top of it. */
function recipeDifferences({ recipe: a }: RunSummary, { recipe: b }: RunSummary): Difference[] {
  if (a.commit === b.commit && !a.dirty && !b.dirty) return []
  const format = ({ commit, dirty }: RunSummary['recipe']) => `${commit.slice(0, 10)}${dirty ? ' and changes' : ''}`
  return [{ dimension: 'recipe', key: 'commit', before: format(a), after: format(b) }]
}

function baseDifferences({ base: a }: RunSummary, { base: b }: RunSummary): Difference[] {
  const format = (base: RunSummary['base']) => (base ? `${upgradePath(base)} (${base.source})` : 'none')
  const way = (base: RunSummary['base']) => (base?.via ?? []).map(({ commit }) => commit).join()
  const same = a?.commit === b?.commit && a?.source === b?.source && way(a) === way(b)
  return same ? [] : [{ dimension: 'base', key: 'base', before: format(a), after: format(b) }]
}

function settingDifferences({ settings: a }: RunSummary, { settings: b }: RunSummary): Difference[] {
  return named('settings', a, b)
}

function toolFacts({ tool }: RunSummary): Record<string, string | null> {
  return { version: tool.version, commit: tool.commit?.slice(0, 10) ?? null }
}

function factsOf({ environment }: RunSummary): Readonly<Record<string, string>> {
  return environment ? comparableEnvironment(environment) : {}
}

/** References that both use and that meant two images: another reference is a change of the recipe. */
function imageDifferences({ images: a }: RunSummary, { images: b }: RunSummary): Difference[] {
  const idOf = new Map(a.map(({ ref, id }) => [ref, id]))
  const moved = b.filter(({ ref, id }) => idOf.has(ref) && idOf.get(ref) !== id)
  return [...new Map(moved.map((image) => [image.ref, image])).values()].map(({ ref, id }) => ({
    dimension: 'environment',
    key: `image ${ref}`,
    before: idOf.get(ref)?.slice(0, 19) ?? null,
    after: id.slice(0, 19),
  }))
}

function named(
  dimension: Dimension,
  before: Readonly<Record<string, string | null>>,
  after: Readonly<Record<string, string | null>>,
): Difference[] {
  return factDifferences(before, after).map((one) => ({ dimension, ...one }))
}
