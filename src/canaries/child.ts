import { spawnProgram } from '../lib/process/spawn.ts'

/** The command line as people start it. */
const LAUNCHER = new URL('../../bin/cc-ci', import.meta.url).pathname

/** A `cc-ci` that was started and not yet waited for. */
export interface Child {
  readonly ended: Promise<ChildResult>
  /** Asks it to end; it takes down what it made. */
  signal(name: NodeJS.Signals): void
}

export interface ChildResult {
  /** Null when it was killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Starts `cc-ci` in a process group of its own, so that Ctrl-C at the terminal reaches only us and every run is stopped in order. Rejects
 * when it cannot be started at all.
 */
export function startChild(args: readonly string[], env: Readonly<Record<string, string>>): Child {
  const child = spawnProgram(LAUNCHER, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<ChildResult>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
  return { ended, signal: (name) => void child.kill(name) }
}

/** Our environment without what would make a child believe that it belongs to another run. */
export function childEnvironment(state: string): Record<string, string> {
  const { CC_CI_RUN: _, ...ours } = process.env
  const set = Object.entries(ours).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { ...Object.fromEntries(set), CC_CI_STATE: state, NO_COLOR: '1' }
}
