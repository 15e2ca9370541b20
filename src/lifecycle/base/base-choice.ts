import type { Release } from '../../deploy/deployer.ts'
import type { RecipeTree } from '../../recipe/model.ts'
import type { Cause } from '../../verdict/causes.ts'
import type { BaseRef, SkipKind } from '../../verdict/events.ts'
import type { ReleaseSource } from '../planning/release.ts'

/** Where the upgrade starts, or why there is no upgrade to judge. `considered` tells the reader every step of the choice. */
export type BaseChoice = { readonly considered: readonly string[] } & (
  | {
      readonly kind: 'base'
      readonly ref: BaseRef
      readonly tree: RecipeTree
      readonly source: ReleaseSource
      readonly release: Release
      /** Between head and what it is upgraded from at last. */
      readonly differs: readonly string[]
      /** The releases that the app goes through on its way to head. */
      readonly via: readonly ChainStep[]
    }
  | { readonly kind: 'no-delta'; readonly ref: BaseRef }
  /** There is, or may be, a release to upgrade from, and it is unavailable: an upgrade that should be judged and cannot. */
  | { readonly kind: 'unresolved'; readonly cause: Cause }
  /** `skip`: how the upgrade tier is skipped. Default: structural. `same`: the newest release before head, which runs the same. */
  | { readonly kind: 'none'; readonly reason: string; readonly skip?: SkipKind; readonly same?: BaseRef }
)

/** A release between base and head, as the upgrade of an app of the base: operators keep their env file. */
export interface ChainStep {
  readonly ref: { readonly version: string; readonly commit: string }
  readonly source: ReleaseSource
  readonly release: Release
}

/** What runs when head is deployed over it. */
export function lastBefore({ release, via }: Pick<Extract<BaseChoice, { kind: 'base' }>, 'release' | 'via'>): Release {
  return via.at(-1)?.release ?? release
}
