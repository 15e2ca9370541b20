import type { ChildProcess } from 'node:child_process'
import { VARIABLES_OF_RUNS } from '../../lib/environment.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import { inheritedEnv } from '../../lib/process/exec.ts'
import { spawnProgram } from '../../lib/process/spawn.ts'
import type { Assignment } from '../contract/protocol.ts'

/** How long output of a process may still arrive after its exit, in ms. */
const OUTPUT_DRAIN_MS = 500

export interface ChildOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Bytes of output allowed in total; beyond that `onFlood` is called, once. The rest is still read, so that the process never blocks on a full pipe. */
  readonly outputBytes: number
  readonly onFlood: () => void
}

/** A process in its own group. We hold its standard input open: when this process dies, it closes. */
export interface Child {
  readonly output: OutputTail
  /** Resolves with the exit code (null: killed) once its output is complete, or shortly after its exit where another process holds its pipes. */
  readonly exited: Promise<number | null>
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/** Throws InfraError `program-missing`. */
export async function startChild(argv: readonly string[], options: ChildOptions): Promise<Child> {
  const [file = '', ...args] = argv
  const child = spawnProgram(file, args, {
    ...{ cwd: options.cwd, env: options.env },
    ...{ detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
  })
  const exited = endOf(child)
  const output = listen(child, options)
  try {
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  } catch (error) {
    throw new InfraError('program-missing', `cannot start ${file}: ${messageOf(error)}`, { cause: error })
  }
  return { output, exited, signal: (name) => signalGroup(child, name) }
}

function listen({ stdin, stdout, stderr }: ChildProcess, { outputBytes, onFlood }: ChildOptions): OutputTail {
  const output = new OutputTail()
  let flooded = false
  stdin?.on('error', () => {})
  for (const stream of [stdout, stderr]) {
    stream?.on('error', () => {})
    stream?.on('data', (chunk: Buffer) => {
      output.push(chunk)
      if (flooded || output.total <= outputBytes) return
      flooded = true
      onFlood()
    })
  }
  return output
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code))
    child.once('exit', (code) => setTimeout(() => resolve(code), OUTPUT_DRAIN_MS))
  })
}

/** Never after it has exited: its process id may be reused. */
function signalGroup({ pid, exitCode, signalCode }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

const TAIL_BYTES = 16 * 1024

/** The last bytes of the output of a process, in bounded memory. */
class OutputTail {
  #tail = Buffer.alloc(0)
  #total = 0

  push(chunk: Buffer): void {
    this.#total += chunk.byteLength
    const both = Buffer.concat([this.#tail, chunk.subarray(Math.max(0, chunk.byteLength - TAIL_BYTES))])
    this.#tail = both.subarray(Math.max(0, both.byteLength - TAIL_BYTES))
  }

  /** Bytes received in total. */
  get total(): number {
    return this.#total
  }

  /** At most `characters`, whole lines where there are several. */
  text(characters: number): string {
    const all = this.#tail.toString('utf8').trim()
    if (all.length <= characters) return all
    const end = all.slice(-characters)
    const line = end.indexOf('\n')
    return line === -1 ? end : end.slice(line + 1)
  }
}

/** Environment of a run. Its memory limit goes by environment so that the runs of an attribution, of any build, get it too. */
export function runEnv({ request }: Pick<Assignment, 'request'>): Record<string, string> {
  return { ...childEnv(), CC_CI_RUN_MEMORY: `${Math.max(1, Math.floor(request.memoryBytes / 1024))}K` }
}

/** Of the operator's variables those for runs: never a token of the server, nor the mark of a run around us. */
export function childEnv(): Record<string, string> {
  const { CC_CI_RUN: _, ...env } = inheritedEnv()
  for (const name of VARIABLES_OF_RUNS) {
    const value = process.env[name]
    if (value !== undefined) env[name] = value
  }
  return { ...env, NO_COLOR: '1' }
}
