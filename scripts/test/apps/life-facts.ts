import type { RealApp } from '../../../fixtures/apps/app.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { TIER_IDS, TIERS, type TierId } from '../../../src/verdict/tiers.ts'
import { seenOf } from './proof.ts'

const MB = 1_000_000

/** What tables tell of the life of one app. */
export interface LifeFacts {
  readonly recipe: string
  readonly proves: string
  /** The releases, oldest first: `1.0.0+0.36.9`. */
  readonly releases: readonly string[]
  readonly level: number
  /** Of the whole run, with its start and the build of the repository. */
  readonly seconds: number
  /** Null: the tier was skipped. */
  readonly tiers: Readonly<Partial<Record<TierId, number | null>>>
  /** The images of head, each once. */
  readonly imageMegabytes: number
  readonly data: readonly { readonly subject: string; readonly seen: string }[]
  readonly tests: readonly { readonly tier: TierId; readonly titles: readonly string[] }[]
}

/** The tiers that a table has a column for. */
export const COLUMNS: readonly TierId[] = TIER_IDS.filter((id) => !TIERS[id].byRequest)

export function lifeFacts({ recipe, proves, data }: RealApp, results: Results, ms: number): LifeFacts {
  const { base, tiers, level, images } = results
  const head = results.recipe.version ?? 'head'
  const sizes = new Map(images.map(({ id, sizeBytes = 0 }) => [id, sizeBytes]))
  return {
    ...{ recipe, proves, level },
    releases: [...(base ? [base.version, ...(base.via ?? []).map(({ version }) => version)] : []), head],
    seconds: ms / 1000,
    tiers: Object.fromEntries(
      tiers.map(({ id, status, durationMs }) => [id, status === 'skip' ? null : durationMs / 1000]),
    ),
    imageMegabytes: [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0) / MB,
    data: data.map((subject) => ({ subject, seen: seenOf(subject, results) })),
    tests: tiers.flatMap(({ id, tests }) => {
      const titles = tests.filter(({ status }) => status === 'passed').map(({ title }) => title)
      return titles.length === 0 ? [] : [{ tier: id, titles }]
    }),
  }
}
