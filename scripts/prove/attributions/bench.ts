import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import type { AttributionRecord } from '../../../src/history/attribution/record.ts'
import { exec, execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { type BuildName, buildOf } from './builds.ts'

export const LAUNCHER = new URL('../../../bin/cc-ci', import.meta.url).pathname
export const IMAGE = `cc-ci-fixtures/attribute-real:${process.pid}`
export const DEADLINE_MS = 3 * 3_600_000

/** What a case works with. */
export interface Bench {
  readonly dir: string
  /** Shared by all cases: the packages of builds lie in it. */
  readonly state: string
  readonly recipe: string
  /** Commits the recipe with this entry point and these edits of its files, or another note alone. Gives the commit. */
  commit(script?: string, edits?: Readonly<Record<string, (text: string) => string>>): Promise<string>
  ab(range: readonly (string | undefined)[], options?: AbOptions): Promise<AttributionRecord>
}

interface AbOptions {
  /** From the last commit of this checkout to this build. Default: this build as it lies here. */
  readonly tool?: BuildName
  readonly more?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly onLine?: (line: string) => void
}

/** Runs a case with a recipe of its own; gives what it found, and how many runs its attribution took. */
export async function onBench(
  { work, state }: { readonly work: string; readonly state: string },
  act: (bench: Bench) => Promise<string>,
): Promise<{ found: string; runs: number }> {
  const dir = mkdtempSync(join(work, 'case-'))
  let runs = 0
  try {
    await buildImage(dir, 'FROM cc-ci-fixtures/busybox:1\n')
    const { dir: recipe } = await buildRecipe('healthy', join(dir, 'healthy'))
    const attribute = attributor({ work, dir, recipe, state })
    const found = await act({
      ...{ dir, state, recipe, commit: committer(recipe) },
      async ab(range, options) {
        const record = await attribute(range, options)
        runs += record.runs.length
        return record
      },
    })
    return { found, runs }
  } finally {
    await exec('docker', ['image', 'rm', '--force', IMAGE], { timeoutMs: 60_000 })
    rmSync(dir, { recursive: true, force: true })
  }
}

/** What the name of the image means now. */
export async function buildImage(dir: string, dockerfile: string): Promise<void> {
  writeFileSync(join(dir, 'Dockerfile'), dockerfile)
  const env = { ...wholeEnv(), DOCKER_BUILDKIT: '0' }
  const args = ['build', '-q', '-t', IMAGE, '-f', join(dir, 'Dockerfile'), dir]
  await execOk('docker', args, { timeoutMs: 600_000, env })
}

function committer(recipe: string): Bench['commit'] {
  const git = (...args: string[]) =>
    execOk('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args], {
      cwd: recipe,
      timeoutMs: 60_000,
    })
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(join(recipe, name), change(readFileSync(join(recipe, name), 'utf8')))
  let count = 0
  return async (script, edits = {}) => {
    count += 1
    edit('compose.yml', (text) => text.replace(/image: .*/, `image: ${IMAGE}`))
    if (script) edit('compose.yml', (text) => text.replace(/- \/(serve|nowhere)\.sh/, () => `- ${script}`))
    for (const [name, change] of Object.entries(edits)) edit(name, change)
    writeFileSync(join(recipe, 'NOTES.md'), `${count}\n`)
    await git('add', '--all')
    await git('commit', '--quiet', '-m', `commit ${count}`)
    return (await git('rev-parse', 'HEAD')).stdout.trim()
  }
}

interface Place {
  readonly work: string
  readonly dir: string
  readonly recipe: string
  readonly state: string
}

function attributor({ work, dir, recipe, state }: Place): Bench['ab'] {
  const file = join(dir, 'attribution.json')
  return async (range, { tool, more = [], env = {}, onLine = () => undefined } = {}) => {
    const args = ['ab', recipe, '--ref', range.join('..'), '--base', 'none', '--only', 'install']
    if (tool) {
      const builds = await buildOf(work, tool)
      args.push('--tool', `${builds.well}..${builds.build}`, '--tool-repo', builds.dir)
    } else args.push('--as-is')
    await exec(LAUNCHER, [...args, ...more, '--state', state, '--json', file], {
      ...{ timeoutMs: DEADLINE_MS, env: { ...wholeEnv(), ...env } },
      onLine: (line) => {
        process.stdout.write(`     ${line}\n`)
        onLine(line)
      },
    })
    return JSON.parse(readFileSync(file, 'utf8')) as AttributionRecord
  }
}
