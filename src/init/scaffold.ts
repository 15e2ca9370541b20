import { existsSync } from 'node:fs'
import { lstat, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UsageError } from '../lib/errors.ts'
import { readTree } from '../recipe/files/tree.ts'
import { openRecipe } from '../recipe/repository/repo.ts'
import { appEnv, stackName } from '../recipe/stack/app-env.ts'
import { resolveStack } from '../recipe/stack/resolve.ts'
import { factsOf } from './facts.ts'
import { settingsFile } from './settings-file.ts'
import { specFile } from './spec-file.ts'

const DOMAIN = 'recipe.ci.test'

/** What `init` is to write, by path relative to the recipe. */
export interface Scaffold {
  readonly dir: string
  readonly files: ReadonlyMap<string, string>
}

/** Looks at the recipe as it lies there and writes nothing. */
export async function scaffold(recipe: string): Promise<Scaffold> {
  if (!existsSync(recipe)) {
    throw new UsageError('recipe-not-found', `there is no folder "${recipe}"`, {
      hint: 'init writes into the folder of a recipe: clone it first.',
    })
  }
  const repo = await openRecipe(recipe)
  const tree = await readTree(repo.dir)
  const stack = await resolveStack(tree, appEnv(tree, { DOMAIN, STACK_NAME: stackName(DOMAIN) }))
  const facts = factsOf(stack, DOMAIN)
  const spec = specFile(repo.name, facts)
  const files = new Map([
    ['cc-ci/cc-ci.yml', settingsFile(repo.name, facts)],
    [`cc-ci/tests/custom/${spec.name}`, spec.text],
  ])
  return { dir: repo.dir, files }
}

/** Writes over nothing. Throws UsageError `already-there` when the recipe has settings or custom tests. */
export async function writeScaffold({ dir, files }: Scaffold): Promise<void> {
  await refuseExisting(dir)
  for (const [file, text] of files) {
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), text, { flag: 'wx' })
  }
}

async function refuseExisting(dir: string): Promise<void> {
  const candidates = ['cc-ci/cc-ci.yml', 'cc-ci/cc-ci.config.ts', 'cc-ci/tests']
  const there = await Promise.all(candidates.map((file) => lstat(join(dir, file)).catch(() => null)))
  const existing = candidates.filter((_, index) => there[index])
  if (existing.length === 0) return
  throw new UsageError('already-there', `${dir} already has ${existing.join(', ')}`, {
    hint: 'Nothing was written. cc-ci init --dry-run prints what it would write.',
  })
}
