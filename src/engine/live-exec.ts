import type { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import { createExec, execExitCode } from './exec-call.ts'
import { FrameSplitter, type FrameStream } from './frame-splitter.ts'

export interface LiveExecOptions {
  readonly user: string
  readonly env?: Readonly<Record<string, string>>
  readonly workDir?: string
  /** Whether it gets a standard input: what `write` sends. */
  readonly input: boolean
  readonly onBytes: (stream: FrameStream, bytes: Buffer) => void
  readonly signal: AbortSignal
}

/**
 * A program in a running container that is talked to while it runs. The engine cannot stop it: `close` only ends the conversation, which
 * a program notices as the end of its input.
 */
export interface LiveExec {
  write(bytes: string | Buffer): void
  endInput(): void
  close(): void
  /** Resolves when the engine has ended the conversation, whatever the reason; never rejects. */
  readonly over: Promise<void>
  /** Once it is over. Throws InfraError `no-container` when the container ended before the program did. */
  exitCode(): Promise<number>
}

/** Throws InfraError `no-container` when the container does not run. The signal bounds the start alone. */
export async function startLiveExec(
  connection: Connection,
  container: string,
  argv: readonly string[],
  options: LiveExecOptions,
): Promise<LiveExec> {
  const { input, onBytes, signal } = options
  const id = await createExec(connection, container, argv, { ...options, attachStdin: input })
  const starting = new AbortController()
  const stop = () => starting.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const body = { Detach: false, Tty: false }
    const socket = await connection.hijack(`/exec/${id}/start`, body, starting.signal)
    return { ...conversation(socket, onBytes), exitCode: () => execExitCode(connection, id) }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function conversation(socket: Duplex, onBytes: LiveExecOptions['onBytes']): Omit<LiveExec, 'exitCode'> {
  const frames = new FrameSplitter(onBytes)
  socket.on('data', (chunk: Buffer) => frames.push(chunk))
  // A broken connection ends the conversation like a closed one; `exitCode` tells what became of the program.
  socket.on('error', () => undefined)
  socket.on('end', () => socket.destroy())
  const over = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return {
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    endInput: () => void socket.end(),
    close: () => void socket.destroy(),
    over,
  }
}
