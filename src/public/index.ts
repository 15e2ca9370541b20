import type { RecipeConfig } from './recipe-config.ts'

export type { AppState, Ctx, ExecOptions, ExecResult, Operation, RunOnceOptions } from './ctx.ts'
export type { Awaitable, Code, RecipeConfig } from './recipe-config.ts'

/**
 * What a `cc-ci.config.ts` exports by default. The file is read without being run: write data literally, and what must be computed as a
 * function. Everything is checked when it is read; `cc-ci plan` shows the result.
 * @example
 * import { defineRecipe } from 'cc-ci'
 *
 * export default defineRecipe({
 *   health: { path: '/api/health' },
 *   hooks: { preBackup: async (ctx) => void (await ctx.exec('app', ['app-cli', 'seed'])) },
 * })
 */
export function defineRecipe(config: RecipeConfig): RecipeConfig {
  return config
}
