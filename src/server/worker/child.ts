import { type ChildProcess, spawn } from 'node:child_process'
import { InfraError, messageOf } from '../../lib/errors.ts'
import { LastWords } from './last-words.ts'

/** How long after its end a process' words may still be under way. */
const LAST_WORDS_MS = 500

export interface ChildOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** What it may say in all; more is `onFlood`, once. It is still read on, so that it never waits for us. */
  readonly outputBytes: number
  readonly onFlood: () => void
}

/** A process in a group of its own whose standard input we hold: when we die, it closes. */
export interface Child {
  readonly words: LastWords
  /** Resolves with the exit code, null when it was killed, and with all its words; whoever else holds its pipes is not waited for. */
  readonly exited: Promise<number | null>
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/** Throws InfraError `program-missing`. */
export async function startChild(argv: readonly string[], options: ChildOptions): Promise<Child> {
  const [file = '', ...args] = argv
  const child = spawn(file, args, {
    ...{ cwd: options.cwd, env: options.env },
    ...{ detached: true, stdio: ['pipe', 'pipe', 'pipe'] },
  })
  const exited = endOf(child)
  const words = listen(child, options)
  try {
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  } catch (error) {
    throw new InfraError('program-missing', `cannot start ${file}: ${messageOf(error)}`, { cause: error })
  }
  return { words, exited, signal: (name) => signalGroup(child, name) }
}

function listen({ stdin, stdout, stderr }: ChildProcess, { outputBytes, onFlood }: ChildOptions): LastWords {
  const words = new LastWords()
  let flooded = false
  stdin?.on('error', () => {})
  for (const stream of [stdout, stderr]) {
    stream?.on('error', () => {})
    stream?.on('data', (chunk: Buffer) => {
      words.push(chunk)
      if (flooded || words.total <= outputBytes) return
      flooded = true
      onFlood()
    })
  }
  return words
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', (code) => resolve(code))
    child.once('exit', (code) => setTimeout(() => resolve(code), LAST_WORDS_MS))
  })
}

/** Once it has ended, its number may be another's. */
function signalGroup({ pid, exitCode, signalCode }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
