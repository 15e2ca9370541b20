import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { EXIT, InfraError, messageOf } from '../../lib/errors.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import type { Conditions, Draw } from './contract.ts'
import { type ComparedResults, comparedResults, conditionsOf, drawsOf, drawsWithoutResults } from './signature.ts'
import { launcherOf, type ToolBuild, toolEnv } from './tool-build.ts'

/** Kept of what a run prints: its last words, and the error that it ends with on standard output. */
const KEPT_CHARACTERS = 64 * 1024

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
  const { exitCode, stdout, stderr } = await supervise(launcherOf(build), args, toolEnv(build), signal)
  signal.throwIfAborted()
  const results = readResults(build, run)
  if ('trouble' in results) return withoutResults(exitCode, results.trouble, stdout, stderr)
  const wrong = notAsked(results, { build, ref })
  if (wrong !== null) return withoutResults(null, wrong, '', '')
  return { exitCode, trouble: null, tiers: drawsOf(results), conditions: conditionsOf(results) }
}

interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

function supervise(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted()
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const stop = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  const kept = { stdout: '', stderr: '' }
  const keep = (name: keyof typeof kept) => (chunk: Buffer) => {
    kept[name] = (kept[name] + chunk.toString()).slice(-KEPT_CHARACTERS)
  }
  child.stdout.on('data', keep('stdout'))
  child.stderr.on('data', keep('stderr'))
  child.stdin.on('error', () => {})
  return new Promise<Ended>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new InfraError('program-missing', `cannot start ${file}: ${messageOf(cause)}`, { cause })),
    )
    child.on('close', (exitCode) => resolve({ exitCode, ...kept }))
  }).finally(() => signal.removeEventListener('abort', stop))
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
function notAsked({ tool, recipe }: ComparedResults, { build, ref }: Pick<CellOrder, 'build' | 'ref'>): string | null {
  if (recipe.commit !== ref || recipe.dirty) return `it judged ${recipe.commit}, not ${ref}`
  if (build.commit !== null && tool.commit !== build.commit)
    return `it was made by cc-ci ${tool.commit}, not ${build.commit}`
  return null
}

const errorShape = z.object({ error: z.object({ code: z.string(), blame: z.string(), message: z.string() }) })

function withoutResults(exitCode: number | null, trouble: string, stdout: string, stderr: string): CellOutcome {
  const told = errorOf(stdout)
  const { code, blame } = told ?? crashOf(exitCode)
  const words = told?.message ?? stderr.trim().split('\n').slice(-3).join('\n')
  return {
    exitCode,
    trouble: words === '' ? trouble : `${trouble}: ${words.slice(0, 1000)}`,
    tiers: drawsWithoutResults(code, blame),
    conditions: {},
  }
}

function errorOf(stdout: string): z.infer<typeof errorShape>['error'] | null {
  try {
    return errorShape.parse(JSON.parse(stdout)).error
  } catch {
    return null
  }
}

/** A program that was stopped or called wrongly may be well; one that ends otherwise without a word of why is broken. */
function crashOf(exitCode: number | null): { code: string; blame: string | null } {
  const own: (number | null)[] = [null, EXIT.usage, EXIT.sigint, EXIT.sigterm]
  return own.includes(exitCode) ? { code: 'not-run', blame: null } : { code: 'harness-error', blame: 'ci' }
}
