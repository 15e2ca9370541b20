import { z } from 'zod'
import { InfraError, messageOf } from '../lib/errors.ts'
import { spawnProgram } from '../lib/process/spawn.ts'

/** Kept of what a run prints: its last words, and the error that it ends with on standard output. */
const KEPT_CHARACTERS = 64 * 1024

export interface Ended {
  /** Null: it was killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs cc-ci in a process group of its own whose standard input we hold: with `--supervised` it stops when we die. When `signal` aborts it is asked to
 * end, and takes down what it made; this resolves when it has. Throws InfraError `program-missing`.
 */
export function superviseRun(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<Ended> {
  signal.throwIfAborted()
  const child = spawnProgram(file, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const stop = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  const output = { stdout: '', stderr: '' }
  const keep = (name: keyof typeof output) => (chunk: Buffer) => {
    output[name] = (output[name] + chunk.toString()).slice(-KEPT_CHARACTERS)
  }
  child.stdout.on('data', keep('stdout'))
  child.stderr.on('data', keep('stderr'))
  child.stdin.on('error', () => {})
  return new Promise<Ended>((resolve, reject) => {
    child.on('error', (cause) =>
      reject(new InfraError('program-missing', `cannot start ${file}: ${messageOf(cause)}`, { cause })),
    )
    child.on('close', (exitCode) => resolve({ exitCode, ...output }))
  }).finally(() => signal.removeEventListener('abort', stop))
}

const errorShape = z.object({ error: z.object({ code: z.string(), blame: z.string(), message: z.string() }) })

/** The error that a run with `--json -` has printed instead of results; null: it printed none. */
export function printedError(stdout: string): z.infer<typeof errorShape>['error'] | null {
  try {
    return errorShape.parse(JSON.parse(stdout)).error
  } catch {
    return null
  }
}
