import type { AppEnv, RecipeTree } from '../model.ts'

/** Longer stack names are cut by the operators' client. */
const MAX_STACK_NAME = 45

/** The environment of one app. Later wins: `.env.sample`, the exports of abra.sh, `overrides` (DOMAIN, STACK_NAME, settings). */
export function appEnv(tree: RecipeTree, overrides: Readonly<Record<string, string>> = {}): AppEnv {
  const exports = [...tree.abraExports].map(([name, { value }]) => [name, value] as const)
  return new Map([...tree.env.values, ...exports, ...Object.entries(overrides)])
}

/** The Swarm stack of an app: STACK_NAME wins, else the domain with `_` for `.`, cut to 45 characters. */
export function stackName(domain: string, env?: AppEnv): string {
  return env?.get('STACK_NAME') || domain.replaceAll('.', '_').slice(0, MAX_STACK_NAME)
}
