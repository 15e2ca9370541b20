import type { RecipeError } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import type { CauseCode } from '../../verdict/causes.ts'
import type { PolicyLimits } from '../../verdict/policy-codes.ts'
import type { AppEnv, RecipeRepo, RecipeTree, RecipeVersion, ResolvedStack } from '../model.ts'

/** One commit of a recipe, resolved for one app, as far as it can be read. */
export interface LintInput {
  readonly repo: RecipeRepo
  /** Null where it cannot be read: `unread` says why. */
  readonly tree: RecipeTree | null
  /** The same. */
  readonly stack: ResolvedStack | null
  readonly env: AppEnv
  /** What keeps the recipe from being planned. Default: nothing. */
  readonly unread?: readonly RecipeError[]
  /** The version that it is compared with: where an upgrade starts. Null: there is none. */
  readonly base: { readonly version: string; readonly commit: string } | null
  /** Policy codes that the operator allows for this recipe. */
  readonly allow?: readonly string[]
  /** How many of each the operator grants it, where that is not the default. */
  readonly most?: PolicyLimits
}

/** What a rule may look at. To look at what could not be read ends the rule: it is then skipped. */
export interface LintContext extends LintInput {
  readonly tree: RecipeTree
  readonly stack: ResolvedStack
  /** `base`, as the rules call it. */
  readonly lastRelease: Pick<RecipeVersion, 'tag' | 'commit'> | null
}

/** What a rule found about one thing. Without `problem` the thing is right. */
export interface LintFact {
  readonly subject: string
  readonly problem?: string
  readonly where?: SourceLocation | undefined
  /** What to do about it. Default: the rule's. */
  readonly fix?: string | undefined
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
