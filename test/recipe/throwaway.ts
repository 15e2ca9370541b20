import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { execOk } from '../../src/lib/process/exec.ts'
import { readTree } from '../../src/recipe/files/tree.ts'
import type { RecipeTree, ResolvedStack } from '../../src/recipe/model.ts'
import { appEnv } from '../../src/recipe/stack/app-env.ts'
import { resolveStack } from '../../src/recipe/stack/resolve.ts'

export type Files = Readonly<Record<string, string | Uint8Array>>

export const COMPOSE = `version: "3.8"
services:
  app:
    image: nginx:1.25.3
`

const made: string[] = []
// Not with its test: of tests that run at the same time, vitest's own `onTestFinished` takes whichever began last for the one that asks.
afterAll(() => Promise.all(made.splice(0).map((dir) => rm(dir, { recursive: true, force: true }))))

/** A folder with these files, gone after the last test of the file. */
export async function folder(files: Files): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-recipe-'))
  made.push(dir)
  await write(dir, files)
  return dir
}

export async function write(dir: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true })
    await writeFile(join(dir, name), content)
  }
}

export async function git(dir: string, ...args: string[]): Promise<string> {
  const identity = [
    '-c',
    'user.name=Test',
    '-c',
    'user.email=test@example.com',
    '-c',
    'init.defaultBranch=main',
    '-c',
    'core.hooksPath=/dev/null',
  ]
  return (await execOk('git', [...identity, ...args], { cwd: dir, timeoutMs: 300_000 })).stdout.trim()
}

/** A git repository with one commit of these files. */
export async function repository(
  files: Files = { 'compose.yml': COMPOSE, '.env.sample': 'DOMAIN=a.example.com\n' },
): Promise<string> {
  const dir = await folder(files)
  await git(dir, 'init', '--quiet')
  await commit(dir, 'first')
  return dir
}

/** Commits the work tree; returns the commit. */
export async function commit(dir: string, message: string, files: Files = {}): Promise<string> {
  await write(dir, files)
  await git(dir, 'add', '--all')
  await git(dir, 'commit', '--quiet', '--allow-empty', '-m', message)
  return git(dir, 'rev-parse', 'HEAD')
}

/** The stack of a recipe with these files. */
export async function resolved(
  files: Files,
  overrides: Record<string, string> = {},
): Promise<{ tree: RecipeTree; stack: ResolvedStack; env: ReadonlyMap<string, string> }> {
  const tree = await readTree(await folder(files))
  const env = appEnv(tree, { STACK_NAME: 'app_example_com', ...overrides })
  return { tree, env, stack: await resolveStack(tree, env) }
}
