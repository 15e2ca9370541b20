import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from '../engine/client.ts'
import { type LiveExec, startLiveExec } from '../engine/live-exec.ts'
import { SANDBOX_USERS } from '../images/browser.ts'
import { INSIDE, type ProgramOptions } from './contract.ts'
import { Output } from './output.ts'

const MAX_PRINTED_BYTES = 64 * 1024 * 1024
const GRACE_MS = 1500

/**
 * Gives way first when memory runs out, because the bridge and the init are needed to tell about it. Kills at once what the program leaves
 * running: the engine waits two seconds for output that is still held open.
 */
const WITHIN = [
  '/bin/sh',
  '-c',
  'echo 1000 > /proc/self/oom_score_adj; trap : TERM; "$@"; code=$?; kill -KILL -1 2>/dev/null; exit $code',
  'sh',
] as const

/** Why a program came to its end; null: by itself. */
type Stopped = 'deadline' | 'printed-too-much' | 'cancelled' | 'bridge-gone' | null

export interface RunningProgram {
  readonly exec: LiveExec
  readonly output: Output
  readonly stopped: Stopped
  /** Wait for it before the next program begins. */
  readonly settled: Promise<void>
}

/** Starts a program and waits until it ends, or until there is a reason to end it; that is the caller's work. */
export async function followProgram(
  engine: Engine,
  container: string,
  argv: readonly string[],
  options: ProgramOptions & { readonly gone: Promise<void> },
): Promise<RunningProgram> {
  const { timeoutMs, cwd = '/', env = {}, signal, gone } = options
  const output = new Output(options.onLine)
  const flood = new AbortController()
  const late = AbortSignal.timeout(timeoutMs)
  const cancelled = signal ?? new AbortController().signal
  const exec = await startLiveExec(engine.connection, container, [...WITHIN, ...argv], {
    user: String(SANDBOX_USERS.program),
    env: { ...programEnv(), ...env },
    workDir: cwd,
    input: false,
    signal: AbortSignal.any([late, cancelled]),
    onBytes(stream, bytes) {
      if (flood.signal.aborted) return
      output.push(stream, bytes)
      if (output.total > MAX_PRINTED_BYTES) flood.abort()
    },
  })
  const stopped = await Promise.race<Stopped>([
    exec.over.then(() => null),
    gone.then(() => 'bridge-gone' as const),
    aborted(late, 'deadline'),
    aborted(cancelled, 'cancelled'),
    aborted(flood.signal, 'printed-too-much'),
  ])
  const settled = stopped === 'deadline' ? terminatePrograms(engine, container) : Promise.resolve()
  if (stopped === 'deadline') await Promise.race([Promise.all([settled, exec.over]), delay(GRACE_MS)])
  return { exec, output, stopped, settled }
}

function programEnv(): Record<string, string> {
  return {
    HOME: '/home/sandbox',
    LANG: 'C.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    [INSIDE.socketVariable]: INSIDE.socket,
    NODE_EXTRA_CA_CERTS: `${INSIDE.runtime}/gate.pem`,
  }
}

/** SIGTERM to all that belongs to programs. It is a courtesy: where it cannot be paid, what comes next does without. */
async function terminatePrograms(engine: Engine, container: string): Promise<void> {
  const user = String(SANDBOX_USERS.program)
  const signalled = engine.exec(container, ['/bin/sh', '-c', 'kill -TERM -1'], { user, timeoutMs: 30_000 })
  await signalled.catch(() => undefined)
}

function aborted<T>(signal: AbortSignal, value: T): Promise<T> {
  if (signal.aborted) return Promise.resolve(value)
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(value), { once: true }))
}
