import { COOP_CLOUD_RULES } from './coop-cloud.ts'
import { OWN_RULES } from './own.ts'
import type { LintRule } from './rule.ts'

/** Every rule, in the order of their ids. The reference is generated from this table. */
export const LINT_RULES: readonly LintRule[] = [...COOP_CLOUD_RULES, ...OWN_RULES]
