import type { Place } from '../../lib/place.ts'
import type { CauseCode } from '../../verdict/causes.ts'
import type { AppEnv, RecipeRepo, RecipeTree, RecipeVersion, ResolvedStack } from '../model.ts'

/** What a rule may look at: one commit of a recipe, resolved for one app. */
export interface LintInput {
  readonly repo: RecipeRepo
  readonly tree: RecipeTree
  readonly stack: ResolvedStack
  readonly env: AppEnv
  /** The version that it is compared with: where an upgrade starts. Null: there is none. */
  readonly base: { readonly version: string; readonly commit: string } | null
  /** Policy codes that the operator allows for this recipe. */
  readonly allow?: readonly string[]
}

export interface LintContext extends LintInput {
  /** `base`, as the rules call it. */
  readonly lastRelease: Pick<RecipeVersion, 'tag' | 'commit'> | null
}

/** What a rule found about one thing. Without `problem` the thing is right. */
export interface LintFact {
  readonly subject: string
  readonly problem?: string
  readonly where?: Place | undefined
}

/** One rule: the only place where its name, severity, remedy and source stand. */
export interface LintRule {
  readonly id: string
  readonly title: string
  readonly severity: 'info' | 'warning' | 'error'
  /** What to do about it, as an instruction. */
  readonly fix: string
  /** Where the rule comes from. */
  readonly source: string
  /** The cause of a lint tier that fails by this rule. Default `compose-invalid`. */
  readonly cause?: CauseCode
  /** The facts, or why there is nothing to judge. */
  readonly check: (context: LintContext) => LintFact[] | string | Promise<LintFact[] | string>
}
