import type { Tweak } from '../../src/canaries/tiny.ts'
import type { Blame, CauseCode } from '../../src/verdict/causes.ts'
import type { TierId } from '../../src/verdict/tiers.ts'

/** What a run must end with; of a pass nothing else is to be said. */
export type Ends =
  | { readonly verdict: 'pass' }
  | {
      readonly verdict: 'fail' | 'unverified'
      readonly tier: TierId
      readonly cause: CauseCode
      readonly blame: Blame
      /** All of these stand in the message or the lines of the cause. */
      readonly says: readonly RegExp[]
    }
  /** Nothing was deployed. */
  | { readonly verdict: 'refused'; readonly cause: CauseCode; readonly says: readonly RegExp[] }

/** Where a look after a run finds what it needs. */
interface Aftermath {
  /** The folder of the recipe. */
  readonly recipe: string
  /** The folder of the run, as it is seen from outside of the machine; null where nothing was begun. */
  readonly run: string | null
  /** The most bytes of log that the engine kept of any one container of the run. */
  readonly logBytes: number
}

/** A recipe that means harm, and what must come of it. */
export interface HostileCase {
  readonly about: string
  /** Of a release before head. Default: nothing was released. */
  readonly base?: Tweak
  readonly head: Tweak
  /** Default: `install`. */
  readonly only?: TierId
  /** More for `cc-ci test`: bounds of the operator where the defaults would take long. */
  readonly args?: readonly string[]
  /** What the operator sets in the environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly ends: Ends
  /** What it stands for in `npm test`, which plays one of each kind. Default: it is played by hand alone. */
  readonly fast?: string
  /** On a machine that has nothing else to do it takes a third of this; here it only tells a bounded run from one without end. */
  readonly withinSeconds: number
  /** Changes the folder of the recipe once it is made. */
  readonly plant?: (recipe: string) => void
  /** What is wrong that the results do not say, one line each. */
  readonly faults?: (after: Aftermath) => readonly string[]
}

export type HostileCases = Readonly<Record<string, HostileCase>>

export const PASS = { verdict: 'pass' } as const

/** The recipe's own fault, found in this tier. */
export function fails(tier: TierId, cause: CauseCode, ...says: readonly RegExp[]): Ends {
  return { verdict: 'fail', tier, cause, blame: 'recipe', says }
}

/** Not the recipe's fault, or not known to be. */
export function unproven(tier: TierId, cause: CauseCode, blame: Blame, ...says: readonly RegExp[]): Ends {
  return { verdict: 'unverified', tier, cause, blame, says }
}

export function refuses(cause: CauseCode, ...says: readonly RegExp[]): Ends {
  return { verdict: 'refused', cause, says }
}
