import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { buildRecipe } from '../fixtures/recipes/build.ts'
import { execOk } from '../src/lib/exec.ts'

/** One fault whose time to the verdict is measured. */
export interface Planted {
  /** What the row of the table is called. */
  readonly cause: string
  /** The planted recipe, by its name. */
  readonly recipe: string
  /** True: head is deployed over a healthy release. */
  readonly upgrade?: boolean
  /** Changes the app of the planted recipe. */
  readonly app?: (app: Record<string, unknown>) => unknown
}

/** The causes that must be told within seconds, and a healthy recipe to compare with. */
export const PLANTED: readonly Planted[] = [
  { cause: 'crash loop', recipe: 'crash-loop' },
  {
    cause: 'rejected task',
    recipe: 'crash-loop',
    app: (app) => Object.assign(app, { entrypoint: ['/usr/bin/no-such-program'] }),
  },
  { cause: 'image that cannot be had', recipe: 'missing-image' },
  { cause: 'failed one-shot', recipe: 'one-shot-failed' },
  {
    cause: 'no suitable node',
    recipe: 'crash-loop',
    app: (app) => Object.assign(app.deploy ?? {}, { placement: { constraints: ['node.labels.nowhere == yes'] } }),
  },
  { cause: 'rolled back', recipe: 'rolled-back', upgrade: true },
  { cause: 'none: healthy', recipe: 'healthy', upgrade: true },
]

/** Makes the recipe's repository in `dir`. */
export async function plant({ recipe, app }: Planted, dir: string): Promise<void> {
  await buildRecipe(recipe, dir)
  if (!app) return
  const file = join(dir, 'compose.yml')
  const compose = parse(await readFile(file, 'utf8')) as { services: { app: Record<string, unknown> } }
  app(compose.services.app)
  await writeFile(file, stringify(compose))
  const who = ['-c', 'user.name=A Maintainer', '-c', 'user.email=maintainer@example.org']
  await execOk('git', [...who, 'commit', '-q', '--all', '--amend', '--no-edit'], { cwd: dir, deadlineMs: 30_000 })
}
