import { once } from 'node:events'
import type { Duplex, Readable } from 'node:stream'
import { z } from 'zod'
import { DeadlineError, InfraError, messageOf } from '../lib/errors.ts'
import { parseId } from './answer.ts'
import type { Connection } from './connection.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { FrameReader } from './frames.ts'
import type { EngineExecResult } from './types.ts'

export interface ExecCallOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  readonly stdin?: string | Buffer
  /** Bytes kept of each stream; the rest is dropped and `truncated` says so. Default 1 MiB. */
  readonly maxBytes?: number
  readonly env?: Readonly<Record<string, string>>
  readonly user?: string
  readonly workDir?: string
}

/**
 * Runs argv in a running container. A non-zero exit is a result. Throws InfraError `no-container` when it does not run (any
 * more), DeadlineError `exec-deadline` when it took too long: the engine cannot stop an exec, so the program may continue until
 * its container ends.
 */
export async function execIn(
  connection: Connection,
  container: string,
  argv: readonly string[],
  options: ExecCallOptions,
): Promise<EngineExecResult> {
  const late = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
  const output = new FrameReader(options.maxBytes ?? 1024 * 1024)
  try {
    const id = await createExec(connection, container, argv, { ...options, attachStdin: options.stdin !== undefined })
    await readAll(await start(connection, id, options.stdin, signal), output, signal)
    const exitCode = await execExitCode(connection, id)
    const { truncated } = output
    return {
      exitCode,
      stdout: output.text('stdout'),
      stderr: output.text('stderr'),
      ...(truncated ? { truncated } : {}),
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    if (!late.aborted) throw error
    const said = (output.text('stderr') || output.text('stdout')).trim().split('\n').slice(-3).join('\n')
    throw new DeadlineError(
      'exec-deadline',
      `${argv[0]} did not end within ${options.timeoutMs} ms${said ? `:\n${said}` : ''}`,
    )
  }
}

export interface PipeOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Sent to standard input, as fast as the program reads. */
  readonly input?: AsyncIterable<Buffer>
  /** Gets standard output piece by piece; the next piece waits for it. Default: the output is dropped. */
  readonly output?: (bytes: Buffer) => Promise<void>
}

/** Of what a piped program writes to its standard error. */
const KEPT_STDERR = 64 * 1024

/**
 * Runs argv in a running container with streams of any size, of which nothing is kept but the beginning of standard error. Throws as
 * `execIn` does, and whatever `input` or `output` throws.
 */
export async function pipeThrough(
  connection: Connection,
  container: string,
  argv: readonly string[],
  { timeoutMs, input, output, signal: stopped }: PipeOptions,
): Promise<{ readonly exitCode: number; readonly stderr: string }> {
  const late = AbortSignal.timeout(timeoutMs)
  const signal = stopped ? AbortSignal.any([stopped, late]) : late
  try {
    const id = await createExec(connection, container, argv, { attachStdin: input !== undefined, signal })
    const socket = await connection.hijack(`/exec/${id}/start`, { Detach: false, Tty: false }, signal)
    const stop = () => socket.destroy(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    try {
      const sending = input ? send(socket, input) : Promise.resolve()
      const [stderr] = await Promise.all([receive(socket, output), sending])
      signal.throwIfAborted()
      return { exitCode: await execExitCode(connection, id), stderr }
    } finally {
      signal.removeEventListener('abort', stop)
      socket.destroy()
    }
  } catch (error) {
    stopped?.throwIfAborted()
    if (!late.aborted) throw error
    throw new DeadlineError('exec-deadline', `${argv[0]} did not end within ${timeoutMs} ms`)
  }
}

async function send(socket: Duplex, input: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const bytes of input) {
      // A program that has ended reads no more; its exit code tells why.
      if (!socket.writable) return
      if (!socket.write(bytes)) await drained(socket)
    }
    socket.end()
  } catch (error) {
    socket.destroy(error as Error)
    throw error
  }
}

/** Also where it is closed first: then nobody reads any more. */
async function drained(socket: Duplex): Promise<void> {
  const either = new AbortController()
  const until = (event: string) => once(socket, event, { signal: either.signal })
  try {
    await Promise.race([until('drain'), until('close')])
  } finally {
    either.abort()
  }
}

async function receive(socket: Duplex, output: PipeOptions['output']): Promise<string> {
  const errors: Buffer[] = []
  let errorBytes = 0
  let pieces: Buffer[] = []
  const frames = new FrameSplitter((stream, bytes) => {
    if (stream === 'stdout') pieces.push(bytes)
    else if (errorBytes < KEPT_STDERR) {
      errorBytes += bytes.length
      errors.push(bytes)
    }
  })
  for await (const chunk of socket) {
    frames.push(chunk as Buffer)
    const now = pieces
    pieces = []
    for (const piece of now) await output?.(piece)
  }
  return Buffer.concat(errors).toString('utf8').slice(0, KEPT_STDERR)
}

interface NewExec extends Pick<ExecCallOptions, 'env' | 'user' | 'workDir' | 'signal'> {
  readonly attachStdin: boolean
}

/** Makes an exec without starting it; gives its id. Throws InfraError `no-container` when the container does not run (any more). */
export async function createExec(
  connection: Connection,
  container: string,
  argv: readonly string[],
  options: NewExec,
): Promise<string> {
  const body = {
    Cmd: argv,
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: options.attachStdin,
    Env: Object.entries(options.env ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(options.user ? { User: options.user } : {}),
    ...(options.workDir ? { WorkingDir: options.workDir } : {}),
  }
  try {
    const path = `/containers/${encodeURIComponent(container)}/exec`
    return await connection.request('POST', path, parseId, { body, signal: options.signal })
  } catch (error) {
    const status = (error as { status?: number }).status
    if (status !== 404 && status !== 409) throw error
    throw new InfraError('no-container', `container ${container.slice(0, 12)} does not run (any more)`, {
      cause: error,
    })
  }
}

async function start(
  connection: Connection,
  id: string,
  stdin: ExecCallOptions['stdin'],
  signal: AbortSignal,
): Promise<Readable> {
  const body = { Detach: false, Tty: false }
  if (stdin === undefined) return connection.stream('POST', `/exec/${id}/start`, { body, signal })
  const socket = await connection.hijack(`/exec/${id}/start`, body, signal)
  socket.end(stdin)
  return socket
}

/** Reads to the end, or until the signal. Throws InfraError `engine-lost` when the stream breaks off. */
export async function readAll(stream: Readable, output: FrameReader, signal: AbortSignal): Promise<void> {
  stream.on('data', (chunk: Buffer) => output.push(chunk))
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    await once(stream, 'close', { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new InfraError('engine-lost', `the engine broke off in the middle of its answer: ${messageOf(error)}`, {
      hint: "Is it running? Run 'cc-ci doctor'.",
      cause: error,
    })
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

const ended = z.object({ ExitCode: z.number().nullish() })

/** Throws InfraError `no-container` when the container ended first. */
export async function execExitCode(connection: Connection, id: string): Promise<number> {
  const { ExitCode } = await connection.request('GET', `/exec/${id}/json`, ended.parse)
  if (typeof ExitCode === 'number') return ExitCode
  throw new InfraError('no-container', 'the container ended before the command did')
}
