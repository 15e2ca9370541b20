import { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import { FrameSplitter } from './frame-splitter.ts'

/** The end of a container's error stream that is kept, in characters. */
const KEPT_WORDS = 4096

/** A conversation with the first program of a container: what is written is its input, what is read its output. */
export interface Attached {
  readonly stream: Duplex
  /** The end of what it wrote to its error stream so far. */
  words(): string
}

/**
 * Attaches to a container that was created with an open input and does not run yet. Where the container has `StdinOnce` its program's input ends
 * with this conversation, however this process ends.
 */
export async function attachContainer(connection: Connection, id: string, signal: AbortSignal): Promise<Attached> {
  const query = { stream: true, stdin: true, stdout: true, stderr: true }
  const socket = await connection.hijack(`/containers/${encodeURIComponent(id)}/attach`, {}, signal, query)
  let words = ''
  const frames = new FrameSplitter((stream, bytes) => {
    if (stream === 'stderr') words = (words + bytes.toString('utf8')).slice(-KEPT_WORDS)
    else if (!duplex.push(bytes)) socket.pause()
  })
  const duplex: Duplex = new Duplex({
    read: () => void socket.resume(),
    write: (bytes: Buffer, _encoding, done) => void socket.write(bytes, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Buffer) => frames.push(chunk))
  // A broken connection ends the conversation like a closed one.
  socket.on('error', () => duplex.destroy())
  socket.on('end', () => void duplex.push(null))
  socket.on('close', () => duplex.destroy())
  return { stream: duplex, words: () => words }
}
