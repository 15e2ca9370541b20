import { execa } from 'execa'
import { debugLog } from '../debug.ts'
import { InfraError, messageOf } from '../errors.ts'
import { formatDuration } from '../text/duration.ts'

export interface ExecOptions {
  /** Every process has one; when it passes the whole process group is killed. */
  readonly timeoutMs: number
  /** At the deadline the group gets SIGTERM, and this much later SIGKILL. Default 0: SIGKILL at once. */
  readonly graceMs?: number
  readonly cwd?: string
  /** The whole environment of the child. Default: only PATH, HOME, LANG and DOCKER_* of ours. */
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly signal?: AbortSignal
  /** Bytes kept of each stream; more kills the child. Default 16 MiB. */
  readonly maxBytes?: number
  /** Called with each line as it comes, stdout and stderr alike. */
  readonly onLine?: (line: string) => void
}

export interface ExecResult {
  /** Null when the child was killed. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

export type Exec = (file: string, args: readonly string[], options: ExecOptions) => Promise<ExecResult>

const debug = debugLog('exec')

let starter: Exec = execHere
/** Those that this thread has started and that have not ended; each leads a group. */
const live = new Set<number>()

/** Kills all programs that `execHere` has going, with their groups: for a process that ends at once. */
export function killPrograms(): void {
  for (const pid of live) kill(pid)
}

/** From now on `exec` is this one: a server has a thread start its programs. Null: this thread does it again. */
export function setSpawner(other: Exec | null): void {
  starter = other ?? execHere
}

/**
 * Runs a program with an argument vector, never a shell string, in its own process group. A non-zero exit is a result, not
 * an error; a program that cannot be started is InfraError `program-missing`.
 */
export async function exec(file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  if (!debug.enabled) return starter(file, args, options)
  const start = performance.now()
  const took = () => ({ file, ms: Math.round(performance.now() - start) })
  debug('program started', { file, args, cwd: options.cwd })
  try {
    const result = await starter(file, args, options)
    debug('program ended', { ...took(), exitCode: result.exitCode, timedOut: result.timedOut })
    return result
  } catch (error) {
    debug('program failed', { ...took(), error: messageOf(error) })
    throw error
  }
}

/** `exec`, by this thread: it stands still until the new process has begun. */
export async function execHere(file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const child = execa(file, args, {
    cwd: options.cwd,
    env: options.env ?? inheritedEnv(),
    extendEnv: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    maxBuffer: options.maxBytes ?? 16 * 1024 * 1024,
    detached: true,
    reject: false,
    all: options.onLine !== undefined,
    stripFinalNewline: false,
    cleanup: true,
  })
  const { pid } = child
  if (pid !== undefined) live.add(pid)
  let timedOut = false
  const { timeoutMs, graceMs = 0 } = options
  const killGroup = () => kill(child.pid)
  let timer = setTimeout(() => {
    timedOut = true
    if (graceMs > 0) kill(child.pid, 'SIGTERM')
    timer = setTimeout(killGroup, graceMs)
  }, timeoutMs)
  options.signal?.addEventListener('abort', killGroup, { once: true })
  if (options.signal?.aborted) killGroup()
  const { onLine } = options
  if (onLine) {
    void forEachLine(child.iterable({ from: 'all' }), onLine)
  }
  try {
    const result = await child
    if (result.code === 'ENOENT' || result.code === 'EACCES') {
      throw new InfraError('program-missing', `cannot start ${file}: ${result.code}`, {
        hint: `Install ${file}, or run 'cc-ci doctor' to see what else is missing.`,
      })
    }
    options.signal?.throwIfAborted()
    return { exitCode: result.exitCode ?? null, stdout: result.stdout ?? '', stderr: result.stderr ?? '', timedOut }
  } finally {
    if (pid !== undefined) live.delete(pid)
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', killGroup)
  }
}

/** Like `exec`, but a non-zero exit or a deadline is InfraError `program-failed` with the program's last words. */
export async function execOk(file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const result = await exec(file, args, options)
  if (result.exitCode === 0) return result
  const ending = describeExit(result, options.timeoutMs)
  const words = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-8).join('\n')
  throw new InfraError(
    'program-failed',
    `${[file, ...args.slice(0, 3)].join(' ')} ${ending}${words ? `:\n${words}` : ''}`,
  )
}

/** How a program came to its end, for a person: a timeout and a kill are named as such. */
export function describeExit(
  { exitCode, timedOut }: Pick<ExecResult, 'exitCode' | 'timedOut'>,
  timeoutMs: number,
): string {
  if (timedOut) return `did not end within ${formatDuration(timeoutMs)} and was killed`
  return exitCode === null ? 'was killed' : `ended with ${exitCode}`
}

/** What a child process gets of our environment: enough to find programs and the engine, none of our secrets. */
export function inheritedEnv(): Record<string, string> {
  const INHERITED = /^(PATH|HOME|LANG|LC_.*|TZ|TMPDIR|DOCKER_.*|SSL_CERT_.*|XDG_.*|CC_CI_RUN)$/
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => INHERITED.test(entry[0]) && entry[1] !== undefined,
    ),
  )
}

/** All of our environment: for package managers, which read proxies, mirrors and certificates from it. Never for what a recipe brings. */
export function wholeEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

async function forEachLine(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  try {
    for await (const line of lines) onLine(String(line))
  } catch {
    // The stream breaks off when the child is killed; its result says so.
  }
}

function kill(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // The group has already ended.
  }
}
