import { formatDuration } from '../../lib/text/duration.ts'
import type { RunSummary } from '../run-summary.ts'
import { DIMENSIONS, type Difference, type Dimension, differencesOf, haveSameMeaning } from './dimensions.ts'

export interface ComparisonRule {
  /** What may differ beside the one thing that is compared: the caller knows, and says so. */
  readonly despite: readonly Dimension[]
  /** Between the two runs, in ms. A world that moved on explains too much. */
  readonly maxAgeMs: number
}

/** Four weeks: four weekly sweeps. */
export const DEFAULT_RULE: ComparisonRule = { despite: [], maxAgeMs: 28 * 24 * 3_600_000 }

export type Comparability =
  | {
      readonly kind: 'comparable'
      /** What the comparison is about; null: nothing differs, so that chance explains every difference. */
      readonly about: Dimension | null
      readonly differences: readonly Difference[]
    }
  | { readonly kind: 'refused'; readonly reasons: readonly Reason[]; readonly differences: readonly Difference[] }

export interface Reason {
  readonly code: 'another-recipe' | 'not-whole' | 'resumed' | 'other-schema' | 'too-old' | 'more-than-one' | 'same-run'
  /** For a person, with what differs. */
  readonly message: string
}

/**
 * Whether two runs may be compared: at most one dimension differs (beside those that the caller allows), both lived to their end, their
 * outcomes mean the same, and they are not too far apart. Two things that moved at once have blamed the wrong one before.
 */
export function comparable(before: RunSummary, after: RunSummary, rule: ComparisonRule = DEFAULT_RULE): Comparability {
  const differences = differencesOf(before, after)
  const moved = [...new Set(differences.map(({ dimension }) => dimension))]
  const counted = moved.filter((dimension) => !rule.despite.includes(dimension))
  const reasons: Reason[] = [
    ...(before.id === after.id ? [{ code: 'same-run', message: `both are run ${before.id}` } as const] : []),
    ...(before.recipe.name === after.recipe.name ? [] : [anotherRecipe(before, after)]),
    ...[before, after].filter(({ whole }) => !whole).map(notWhole),
    ...[before, after].flatMap(wentOn),
    ...(haveSameMeaning(before, after) ? [] : [otherSchema(before, after)]),
    ...tooOld(before, after, rule),
    ...(counted.length > 1 ? [moreThanOne(counted, differences)] : []),
  ]
  if (reasons.length > 0) return { kind: 'refused', reasons, differences }
  return { kind: 'comparable', about: counted[0] ?? moved[0] ?? null, differences }
}

function anotherRecipe({ recipe: a }: RunSummary, { recipe: b }: RunSummary): Reason {
  return { code: 'another-recipe', message: `one is a run of ${a.name}, the other of ${b.name}` }
}

function notWhole({ id }: RunSummary): Reason {
  return { code: 'not-whole', message: `run ${id} was stopped or killed before its end` }
}

function wentOn({ id, resumed }: RunSummary): Reason[] {
  if (resumed === undefined) return []
  return [
    { code: 'resumed', message: `run ${id} continued from run ${resumed}: its tiers are of two lives of the app` },
  ]
}

function otherSchema({ evidenceSchema: a }: RunSummary, { evidenceSchema: b }: RunSummary): Reason {
  if (a === null && b === null)
    return {
      code: 'other-schema',
      message: 'neither says what its outcomes mean: an earlier version of cc-ci wrote them',
    }
  const format = (schema: number | null) => schema ?? 'none, from an earlier version of cc-ci'
  return {
    code: 'other-schema',
    message: `their outcomes do not mean the same: evidence schema ${format(a)} against ${format(b)}`,
  }
}

function tooOld(before: RunSummary, after: RunSummary, { maxAgeMs }: ComparisonRule): Reason[] {
  const apart = Math.abs(Date.parse(after.startedAt) - Date.parse(before.startedAt))
  if (apart <= maxAgeMs) return []
  const message = `they are ${formatDuration(apart)} apart, and ${formatDuration(maxAgeMs)} is allowed`
  return [{ code: 'too-old', message }]
}

function moreThanOne(dimensions: readonly Dimension[], differences: readonly Difference[]): Reason {
  const parts = dimensions.map((dimension) => {
    const keys = differences.filter((one) => one.dimension === dimension).map(differenceText)
    return `${DIMENSIONS[dimension]} (${keys.join('; ')})`
  })
  return { code: 'more-than-one', message: `more than one thing differs: ${parts.join(', and ')}` }
}

/** `engine 20.10.24 -> 29.5.0`. */
export function differenceText({ key, before, after }: Difference): string {
  return `${key} ${before ?? 'not recorded'} -> ${after ?? 'not recorded'}`
}
