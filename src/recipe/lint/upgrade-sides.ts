import { join } from 'node:path'
import { withScratch } from '../../lib/files/scratch.ts'
import { readTree } from '../files/tree.ts'
import type { RecipeTree, RecipeVersion, ResolvedStack } from '../model.ts'
import { exportTree } from '../repository/export.ts'
import { appEnv, stackName } from '../stack/app-env.ts'
import { resolveStack } from '../stack/resolve.ts'
import type { LintContext } from './rule.ts'

/** One side of an upgrade: a stack, the folder that its file paths are relative to, and its name on the engine. */
export interface UpgradeSide {
  readonly dir: string
  readonly stack: ResolvedStack
  readonly stackName: string
}

/**
 * Gives `use` the last release, and this commit as the upgrade of an app of it: operators keep their env file, and abra.sh comes with the
 * commit. Throws RecipeErrors when one of them cannot be read.
 */
export async function withUpgradeSides<T>(
  { repo, tree, env }: LintContext,
  release: Pick<RecipeVersion, 'commit'>,
  use: (before: UpgradeSide, after: UpgradeSide) => Promise<T>,
): Promise<T> {
  return withScratch('release', async (scratch) => {
    const dir = join(scratch, 'recipe')
    await exportTree(repo, release.commit, dir)
    const base = await readTree(dir)
    const own = appEnv(tree)
    const given = Object.fromEntries([...env].filter(([key, value]) => own.get(key) !== value))
    const before = await sideOf(base, given)
    return use(before, await sideOf({ ...tree, env: base.env }, given))
  })
}

async function sideOf(tree: RecipeTree, given: Readonly<Record<string, string>>): Promise<UpgradeSide> {
  const env = appEnv(tree, given)
  return { dir: tree.dir, stack: await resolveStack(tree, env), stackName: stackName(env.get('DOMAIN') ?? '', env) }
}
