import { variablesOf } from '../compose/interpolate.ts'
import type { Data } from '../compose/source.ts'
import { parseEnvSample } from '../files/env-sample.ts'
import type { RecipeVersion } from '../model.ts'
import { fileAt } from '../repository/export.ts'
import { gitOk } from '../repository/git.ts'
import { fact } from './coop-cloud.ts'
import type { LintContext, LintFact } from './rule.ts'

export const NO_RELEASE = 'no earlier release is known to compare with'

/** CC02: operators keep their env file through an upgrade, so a new variable must work without being set. */
export async function newVariables(context: LintContext): Promise<LintFact[] | string> {
  const { repo, tree, stack, lastRelease } = context
  if (!lastRelease) return NO_RELEASE
  const known = await variablesAt(repo.dir, lastRelease)
  const given = new Set(['STACK_NAME', 'DOMAIN', ...tree.abraExports.keys()])
  const bare = new Map<string, readonly string[]>()
  for (const { data } of stack.sources ?? []) {
    eachText(data, [], (text, path) => {
      for (const { name, operator } of variablesOf(text))
        if (!operator.endsWith('-') && !bare.has(name)) bare.set(name, path)
    })
  }
  const fresh = [...bare].filter(([name]) => !known.has(name) && !given.has(name))
  if (fresh.length === 0) return [{ subject: 'compose files' }]
  return fresh.map(([name, path]) =>
    fact(
      `variable ${name}`,
      false,
      `is new since ${lastRelease.tag} and has no default: apps that exist do not set it`,
      stack.place(path),
    ),
  )
}

async function variablesAt(dir: string, { commit }: Pick<RecipeVersion, 'commit'>): Promise<Set<string>> {
  const names = new Set<string>()
  try {
    for (const key of parseEnvSample((await fileAt(dir, commit, '.env.sample')) ?? '').values.keys()) names.add(key)
  } catch {
    // An unreadable .env.sample of an old release is not this commit's fault: its compose files still tell.
  }
  const files = (await gitOk(dir, ['ls-tree', '-r', '-z', '--name-only', commit])).split('\0')
  for (const file of files.filter((path) => /(^|\/)compose[^/]*\.ya?ml$/.test(path))) {
    for (const { name } of variablesOf((await fileAt(dir, commit, file)) ?? '')) names.add(name)
  }
  return names
}

/** Calls `visit` with every text of a file and its path. */
export function eachText(
  value: Data,
  path: readonly string[],
  visit: (text: string, path: readonly string[]) => void,
): void {
  if (typeof value === 'string') visit(value, path)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) eachText(child, [...path, key], visit)
  }
}
