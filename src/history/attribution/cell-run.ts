import { readFileSync } from 'node:fs'
import { EXIT } from '../../lib/errors.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { printedError, superviseRun } from '../supervised.ts'
import type { Conditions, Draw } from './contract.ts'
import { type ComparedResults, comparedResults, conditionsOf, drawsOf, drawsWithoutResults } from './signature.ts'
import { launcherOf, type ToolBuild, toolEnv } from './tool-build.ts'

export interface CellOrder {
  readonly build: ToolBuild
  /** The folder of the recipe, and the commit in it. */
  readonly recipe: string
  readonly ref: string
  readonly run: string
  /** More arguments for `cc-ci test`. */
  readonly flags: readonly string[]
  readonly signal: AbortSignal
}

export interface CellOutcome {
  readonly exitCode: number | null
  /** Why there are no results to compare; null: there are. */
  readonly trouble: string | null
  readonly tiers: Readonly<Record<string, readonly Draw[]>>
  readonly conditions: Conditions
}

/**
 * One run of a recipe at one commit by one build, as a person would start it. When `signal` aborts, the run is stopped and takes down what it made; then the
 * signal's reason is thrown. The run also stops when we die: we hold its standard input.
 */
export async function runCell({ build, recipe, ref, run, flags, signal }: CellOrder): Promise<CellOutcome> {
  const args = [
    'test',
    recipe,
    '--ref',
    ref,
    '--run-id',
    run,
    '--supervised',
    '--state',
    build.state,
    '--json',
    '-',
    ...flags,
  ]
  const { exitCode, stdout, stderr } = await superviseRun(launcherOf(build), args, toolEnv(build), signal)
  signal.throwIfAborted()
  const results = readResults(build, run)
  if ('trouble' in results) return withoutResults(exitCode, results.trouble, stdout, stderr)
  const wrong = resultMismatch(results, { build, ref })
  if (wrong !== null) return withoutResults(null, wrong, '', '')
  return { exitCode, trouble: null, tiers: drawsOf(results), conditions: conditionsOf(results) }
}

function readResults({ state }: ToolBuild, run: string): ComparedResults | { readonly trouble: string } {
  const file = runFolder(state, run).results
  let data: unknown
  try {
    data = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { trouble: 'it left no results' }
  }
  const parsed = comparedResults.safeParse(data)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  return { trouble: `its results cannot be compared: ${places.slice(0, 4).join('; ')}` }
}

/** Results of another build or commit than the one that was asked for would be evidence for the wrong cell. */
function resultMismatch(
  { tool, recipe }: ComparedResults,
  { build, ref }: Pick<CellOrder, 'build' | 'ref'>,
): string | null {
  if (recipe.commit !== ref || recipe.dirty) return `it judged ${recipe.commit}, not ${ref}`
  if (build.commit !== null && tool.commit !== build.commit)
    return `it was made by cc-ci ${tool.commit}, not ${build.commit}`
  return null
}

function withoutResults(exitCode: number | null, trouble: string, stdout: string, stderr: string): CellOutcome {
  const printed = printedError(stdout)
  const { code, blame } = printed ?? crashOf(exitCode)
  const words = printed?.message ?? stderr.trim().split('\n').slice(-3).join('\n')
  return {
    exitCode,
    trouble: words === '' ? trouble : `${trouble}: ${words.slice(0, 1000)}`,
    tiers: drawsWithoutResults(code, blame),
    conditions: {},
  }
}

/** A program that was stopped or called wrongly may be well; one that ends otherwise without a word of why is broken. */
function crashOf(exitCode: number | null): { code: string; blame: string | null } {
  const own: (number | null)[] = [null, EXIT.usage, EXIT.sigint, EXIT.sigterm]
  return own.includes(exitCode) ? { code: 'not-run', blame: null } : { code: 'harness-error', blame: 'ci' }
}
