import { settingsSchema } from '../../config/settings.ts'
import { NO_ADDITIONS } from '../../deploy/deployer.ts'
import { collectErrors } from '../../lib/collect-errors.ts'
import type { RecipeError } from '../../lib/errors.ts'
import { readTree } from '../../recipe/files/tree.ts'
import type { LintInput } from '../../recipe/lint/rule.ts'
import type { RecipeTree } from '../../recipe/model.ts'
import { badImages } from '../../recipe/stack/bad-images.ts'
import { resolveStack } from '../../recipe/stack/resolve.ts'
import {
  appOf,
  customizationOf,
  type Head,
  MissingAppError,
  type PlanRequest,
  planHead,
  type RunPlan,
} from '../plan.ts'
import { newAppEnv } from './release.ts'

/** What lint looks at in a recipe that can be planned: head as its repository has it. */
export function lintInputOf(plan: RunPlan): LintInput {
  const { repo, headTree: tree, pristine, allowed, lintBase: base } = plan
  const { stack, env } = pristine
  const { most } = plan.settings.settings.policy
  return { repo, tree, stack, env, base, most, allow: allowed, unread: badImages(stack).map(({ problem }) => problem) }
}

/** The same of one that may not be: as far as it can be read, and all that keeps it from being planned. */
export async function readForLint(head: Head, request: PlanRequest): Promise<LintInput> {
  const problems: RecipeError[] = []
  const plan = await collectErrors(problems, () => planHead(head, request))
  if (plan) return lintInputOf(plan)
  const { repo } = head
  const read = await readAlone(head, request, problems)
  return { repo, base: null, ...read, allow: request.allow ?? [], unread: eachOnce(problems) }
}

/** Each part by itself, so that what is wrong with one hides nothing of the others. Adds to `problems`. */
async function readAlone(
  head: Head,
  request: PlanRequest,
  problems: RecipeError[],
): Promise<Pick<LintInput, 'tree' | 'stack' | 'env'>> {
  const found = await collectErrors(problems, () => customizationOf(request, head.repo))
  const tree = await collectErrors(problems, () => readTree(request.folder.checkout))
  if (!tree) return { tree, stack: null, env: new Map() }
  const env = newAppEnv(sourceOf(head, request, tree), found?.settings ?? settingsSchema.parse({}))
  return { tree, env, stack: await collectErrors(problems, () => resolveStack(tree, env)) }
}

function sourceOf({ repo, commit, worktree }: Head, request: PlanRequest, tree: RecipeTree) {
  return {
    app: appOf(repo, request),
    tree,
    commit,
    chaos: true,
    dirty: worktree,
    overlay: null,
    added: NO_ADDITIONS,
  }
}

/** What the plan and a part by itself both stop with is reported once; what a rule tells, by that rule. */
function eachOnce(problems: readonly RecipeError[]): RecipeError[] {
  const once = new Map(problems.map((problem) => [problem.describe(), problem]))
  return [...once.values()].filter((problem) => !(problem instanceof MissingAppError))
}
