import type { Blame, CauseCode } from '../verdict/causes.ts'
import type { CheckRef } from '../verdict/checks.ts'
import type { Verdict } from '../verdict/results.ts'
import type { TierId } from '../verdict/tiers.ts'
import type { DisturbanceContext } from './disturbance-context.ts'
import type { RecipeStep } from './recipe-step.ts'
import type { ShapeId } from './shapes.ts'
import type { Tweak } from './tiny.ts'

/**
 * What a run of a canary must end with. `checks` is what makes a deleted assertion visible: the verdict of a healthy recipe stays the
 * same without it, it is then missing.
 */
export interface ExpectedResult {
  /** The tier that decides; null for a healthy look-alike and for what is refused before a run begins. */
  readonly tier: TierId | null
  readonly cause: CauseCode | null
  /** `refused`: the plan could not be made, no run began. */
  readonly verdict: Verdict | 'refused'
  readonly blame: Blame | null
  readonly exitCode: number
  /** The checks that must have passed, by tier. Others may have run besides. */
  readonly checks: Readonly<Partial<Record<TierId, readonly CheckRef[]>>>
  /** The check that decided; null where none did; undefined: whichever. */
  readonly decidedBy?: CheckRef | null
  /** Where more than one tier, or cause, tells the truth: the others. */
  readonly or?: { readonly tiers: readonly TierId[]; readonly causes: readonly CauseCode[] }
  /** On a quiet machine, from the last deployment, or the act of a later tier that is judged, to the end of the deciding tier. Default: 60. */
  readonly withinSeconds?: number
  /** Causes of other tiers. */
  readonly also?: Readonly<Partial<Record<TierId, CauseCode>>>
  /** Codes of findings that must be reported. */
  readonly findings?: readonly string[]
  /** What must stand in the message or lines of the deciding cause. */
  readonly says?: RegExp
  /** Where the run itself must say that something was left, or that a secret stood in a kept text. Default: all clean. */
  readonly flags?: { readonly cleanTeardown: boolean; readonly noSecretLeak: boolean }
}

/** Something done to a run from outside, while it is active: what no recipe can do to itself. */
export interface Disturbance {
  /** For the table: "SIGTERM once the app is deployed". */
  readonly what: string
  /**
   * Called before the run begins; all it makes is registered with the context for removal before it exists. It may add to the environment
   * and the words of the run, and listen to its events.
   */
  readonly prepare: (context: DisturbanceContext) => Promise<void> | void
}

/** A recipe with a planted fault, or a healthy one that looks ill, as data. The name is its key in the set. */
export interface Canary {
  readonly about: string
  readonly expect: ExpectedResult
  /** The release 1.0.0+1 that an upgrade starts from; null: never released. Default: healthy. */
  readonly base?: Tweak | null
  /** A release 1.1.0+1 between that and head. Default: there is none. */
  readonly between?: Tweak
  readonly head?: Tweak
  /** What the tiny recipe looks like around its fault. Default: one that its name decides. */
  readonly shape?: ShapeId
  /** Instead of `base`, `head` and `both`: another recipe than the tiny one. */
  readonly recipe?: (name: string) => RecipeStep[]
  /** Goes into both. */
  readonly both?: Tweak
  /** Head runs the very same as the base. Default: it differs in an environment value. */
  readonly sameAsBase?: boolean
  /** More words for `cc-ci test`. */
  readonly args?: readonly string[]
  readonly disturbance?: Disturbance
  /** In the subset of every test run, and why this one. */
  readonly fast?: string
}
