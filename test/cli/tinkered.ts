import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import type { Results } from '../../src/verdict/results.ts'
import type { Workshop } from './cc-ci.ts'

/** Path in the recipe to content. */
export type Files = Readonly<Record<string, string>>

/** The healthy tiny recipe with these files committed on top, as somebody's pull request would have it. */
export async function tinkered(workshop: Workshop, files: Files, name = 'healthy'): Promise<string> {
  const dir = await workshop.recipe(name)
  write(dir, files)
  await commitAll(dir)
  return dir
}

export function write(dir: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), content)
  }
}

export async function commitAll(dir: string, message = 'a change'): Promise<void> {
  const who = ['-c', 'user.name=A Stranger', '-c', 'user.email=stranger@example.org']
  const git = (args: string[]) =>
    execOk('git', [...who, ...args], { cwd: dir, timeoutMs: 300_000, env: inheritedEnv() })
  await git(['add', '--all'])
  await git(['commit', '-q', '--allow-empty', '-m', message])
}

export function tierOf(results: Results, id: string): Results['tiers'][number] {
  const tier = results.tiers.find((one) => one.id === id)
  if (!tier) throw new Error(`no tier ${id}`)
  return tier
}

/** A config file around these settings, written as TypeScript. */
export function config(settings: string): string {
  return `import { defineRecipe } from 'cc-ci'\n\nexport default defineRecipe({\n${settings}\n})\n`
}
