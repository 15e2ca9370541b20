import type { TierId } from '../../verdict/tiers.ts'
import type { Dimension } from '../compare/dimensions.ts'
import type { Word } from '../compare/messages.ts'
import type { FlakeMemory } from '../flakes/memory.ts'

/** A run that a line of the report stands on. */
export interface RunReference {
  readonly run: string
  /** ISO 8601. */
  readonly at: string
  /** Of the recipe, 40 hex. */
  readonly commit: string
  readonly dirty: boolean
  /** The tag on that commit; null: it is no release, or its run does not say. */
  readonly released: string | null
}

/** `release`: commits with an annotated tag. `head`: all others. A change that is not released yet is never the end of a line of releases. */
export type Track = 'release' | 'head'

/** A tier that is not what it was when the week began. */
export interface WeeklyChange {
  readonly recipe: string
  readonly track: Track
  readonly tier: TierId
  readonly word: Extract<Word, 'regression' | 'fixed' | 'new failure' | 'other failure' | 'unstable'>
  /** How it ended before; null: it was not judged before. */
  readonly before: (RunReference & { readonly cause: string | null }) | null
  readonly after: RunReference & { readonly cause: string | null; readonly blame: string | null }
  /** What differs between the two runs besides the commit of the recipe. Then it may not be the recipe's doing. */
  readonly alsoMoved: readonly Dimension[]
}

/** A recipe that somebody should look at, each reason with the run that says so. */
export interface RecipeAttention {
  readonly recipe: string
  readonly reasons: readonly { readonly text: string; readonly run: RunReference }[]
}

/** A recipe whose runs of the week were all green at the first attempt. */
export interface RoutineRecipe {
  readonly recipe: string
  readonly runs: number
  readonly newest: RunReference
}

/** The newest release is red, and a commit that is no release is green. */
export interface UnreleasedFix {
  readonly recipe: string
  readonly release: RunReference & { readonly tier: TierId; readonly cause: string | null }
  readonly green: RunReference
}

/** A tier that has been red since. */
export interface OldFailure {
  readonly recipe: string
  readonly track: Track
  readonly tier: TierId
  readonly cause: string | null
  readonly blame: string | null
  /** The first run after the last pass, or the first that is known. */
  readonly since: RunReference
  readonly newest: RunReference
  /** Red runs from then on. */
  readonly runs: number
}

export interface UntestedRecipe {
  readonly recipe: string
  readonly run: RunReference
}

/** One reference that names another image than before. */
export interface MovedImage {
  readonly ref: string
  readonly before: { readonly id: string; readonly run: RunReference }
  readonly after: { readonly id: string; readonly run: RunReference }
  readonly recipes: readonly string[]
}

/**
 * What happened in one week, derived from run folders alone: the same runs give the same report, whenever and wherever it is made, and in whatever order they are
 * read. Additions keep the schema number.
 */
export interface WeeklyReport {
  readonly schema: 1
  readonly week: { readonly id: string; readonly from: string; readonly to: string }
  readonly totals: {
    readonly runs: number
    readonly recipes: number
    readonly pass: number
    readonly fail: number
    readonly unverified: number
    /** Stopped or killed. */
    readonly cut: number
  }
  readonly regressed: readonly WeeklyChange[]
  readonly fixed: readonly WeeklyChange[]
  readonly attention: readonly RecipeAttention[]
  readonly routine: readonly RoutineRecipe[]
  readonly unreleased: readonly UnreleasedFix[]
  readonly oldestRed: readonly OldFailure[]
  /** At the end of the week, over the 28 days before it. */
  readonly flakes: readonly FlakeMemory[]
  readonly untested: readonly UntestedRecipe[]
  readonly moved: readonly MovedImage[]
  /** Runs of the week whose results cannot be read, each with why. */
  readonly damaged: readonly { readonly id: string; readonly why: string }[]
  /** When the newest run that it stands on ended, ISO 8601; null: there is none. */
  readonly newest: string | null
}

/** What a list of weeks says of each. */
export interface WeeklyHeadline extends Pick<WeeklyReport, 'week' | 'totals'> {
  readonly regressed: number
  readonly fixed: number
  /** Recipes. */
  readonly attention: number
}
