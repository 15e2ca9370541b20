import type { Results } from '../../verdict/results.ts'
import type { RunPlan } from '../plan.ts'
import type { DataDraft, StoredApp, StoredData, StoredSecrets } from './stored-data.ts'

/**
 * What a run knows of canonicals: the data of the last green released versions, kept between runs. The store is handed in from above
 * (`src/history/canonicals`, whose contract says what lies on disk); here is only what a run asks of it.
 */

/** Which version of which recipe. */
export interface ReleaseKey {
  readonly recipe: string
  /** A path or URL, without credentials. */
  readonly origin: string
  /** The tag. */
  readonly version: string
  /** 40 hex. */
  readonly commit: string
}

/** A canonical that is whole, lent to one run. */
export interface Canonical extends ReleaseKey, StoredData {}

/** `missing`: there is none of this version. `unusable`: there is one, and why it is not taken. */
export type CanonicalLookup =
  | { readonly kind: 'usable'; readonly canonical: Canonical }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unusable'; readonly why: string }

/** Reading. */
export interface CanonicalLibrary {
  /**
   * Looks for the canonical of a version, reads all of it, and lends it to this process until that ends: nobody else gets it, and nobody replaces
   * or removes it meanwhile. What is damaged, stale or lent to somebody else is `unusable`.
   */
  find(key: ReleaseKey): Promise<CanonicalLookup>
  /** Versions of a recipe that have one, newest first: for telling why none was taken. */
  versions(of: Pick<ReleaseKey, 'recipe' | 'origin'>): readonly string[]
}

/** What is known of a run when its app is about to be removed. */
export interface PromotionFacts {
  readonly plan: RunPlan
  /** Without the teardown, which is not over yet. */
  readonly results: Results
}

/** Writing. */
export interface CanonicalKeeper {
  /** Why the data of this run is not kept; none: it may be. A code for programs, a reason for people. */
  refusals(facts: PromotionFacts): readonly { readonly code: string; readonly reason: string }[]
  /** Begins a new one beside the old one. Throws InfraError `canonical-no-room`, before anything is written. */
  begin(key: ReleaseKey, app: StoredApp, secrets: StoredSecrets, bytes: number): Promise<DataDraft>
}

/** What a run does with a canonical. */
export type CanonicalUse =
  /** Nothing was asked for. */
  | { readonly kind: 'none' }
  /** One was asked for and none is used; the run is a cold one. */
  | { readonly kind: 'unused'; readonly why: string }
  /** The app begins with its data: a new installation is not judged. */
  | { readonly kind: 'quick'; readonly canonical: Canonical }
  /** A new installation is judged; its upgrade starts from the data. */
  | { readonly kind: 'cold'; readonly canonical: Canonical }

export function canonicalOf(use: CanonicalUse): Canonical | null {
  return 'canonical' in use ? use.canonical : null
}

/** Why there is no new installation to judge; null where one is. */
export function reattachReason(use: CanonicalUse): string | null {
  if (use.kind !== 'quick') return null
  const { version, runId } = use.canonical
  return `a new installation is not judged: the app begins with the data of the canonical of ${version} (run ${runId})`
}
