import { mkdir } from 'node:fs/promises'
import { execOk, inheritedEnv } from '../lib/process/exec.ts'
import type { RecipeStep } from './recipe-step.ts'

export interface BuiltRecipe {
  /** Absolute path of the work tree, on branch `main` at the unreleased head. */
  readonly dir: string
  /** Released versions, oldest first. */
  readonly tags: readonly string[]
  /** The commit of each tag, and of `head`. */
  readonly commits: Readonly<Record<string, string>>
}

/**
 * Makes the git repository of a recipe in `destDir`, which must not exist or be empty: a commit and an annotated tag for each released
 * version, then one commit that nobody released. The same files give the same commit ids every time.
 */
export async function buildRepository(steps: readonly RecipeStep[], destDir: string): Promise<BuiltRecipe> {
  await mkdir(destDir, { recursive: true })
  await git(destDir, 0, ['init', '-q', '-b', 'main'])
  const commits: Record<string, string> = {}
  for (const [index, step] of steps.entries()) {
    await step.write(destDir)
    commits[step.version ?? 'head'] = await commit(destDir, index, step)
  }
  return { dir: destDir, tags: steps.flatMap((step) => step.version ?? []), commits }
}

async function commit(dir: string, index: number, { version, message }: RecipeStep): Promise<string> {
  const subject = version === null ? message : `chore: publish ${version} release`
  await git(dir, index, ['add', '--all'])
  await git(dir, index, ['commit', '-q', '--allow-empty', '-m', subject])
  if (version !== null) await git(dir, index, ['tag', '-a', version, '-m', subject])
  return (await git(dir, index, ['rev-parse', 'HEAD'])).trim()
}

/** Git with no settings of this machine or user, and a clock that goes forward one day a version. */
async function git(cwd: string, day: number, args: readonly string[]): Promise<string> {
  const date = new Date(Date.UTC(2026, 0, 1 + day, 12)).toISOString()
  const who = { NAME: 'A Maintainer', EMAIL: 'maintainer@example.org', DATE: date }
  const env = {
    ...inheritedEnv(),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    ...Object.fromEntries(
      Object.entries(who).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    ),
  }
  return (await execOk('git', args, { cwd, env, timeoutMs: 30_000 })).stdout
}
