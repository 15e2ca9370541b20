import { connect, type Socket } from 'node:net'
import { INSIDE } from '../../sandbox/contract.ts'
import { SandboxError } from '../errors/sandbox-error.ts'

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

interface Pending {
  resolve(answer: Answer): void
  reject(error: SandboxError): void
}

interface Connection {
  readonly socket: Socket
  readonly pending: Map<number, Pending>
}

const MAX_LINE_BYTES = 1024 * 1024

let connection: Promise<Connection> | undefined
let lastId = 0

/**
 * Asks the harness. Many requests may be under way at once; they are sent in the order of the calls. Throws SandboxError with the harness' code
 * and message, or `outside-sandbox`, `request-too-long`, `bridge-lost`. The socket keeps the process alive only while an answer is due.
 */
export async function call(method: string, params: unknown = {}): Promise<unknown> {
  connection ??= open()
  const { socket, pending } = await connection
  lastId += 1
  const id = lastId
  const line = `${JSON.stringify({ id, method, params })}\n`
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
    throw new SandboxError('request-too-long', `a request "${method}" of more than 1 MiB`, 'Send less at once.')
  }
  const answer = await new Promise<Answer>((resolve, reject) => {
    pending.set(id, { resolve, reject })
    socket.ref()
    socket.write(line)
  })
  // Made here and not where the answer came in, so that the stack leads to the caller.
  if (answer.error) throw new SandboxError(answer.error.code, answer.error.message)
  return answer.result
}

async function open(): Promise<Connection> {
  const path = process.env[INSIDE.socketVariable]
  if (!path) throw outside('there is no bridge to the harness')
  const socket = connect(path)
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', (error) => reject(outside(error.message)))
  })
  const pending = new Map<number, Pending>()
  const settle = (line: string) => {
    const answer = JSON.parse(line) as Answer
    pending.get(answer.id)?.resolve(answer)
    pending.delete(answer.id)
    if (pending.size === 0) socket.unref()
  }
  forEachLine(socket, settle)
  socket.on('error', () => undefined)
  socket.on('close', () => {
    connection = undefined
    for (const { reject } of pending.values()) reject(new SandboxError('bridge-lost', 'the harness hung up'))
  })
  return { socket, pending }
}

/** Not node:readline, for which U+2028 inside a text ends a line too. */
function forEachLine(socket: Socket, take: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
}

function outside(why: string): SandboxError {
  const hint = 'Use "cc-ci test RECIPE --keep" and then "cc-ci test RECIPE --only functional --attach RUN".'
  return new SandboxError('outside-sandbox', `this runs only in cc-ci's sandbox: ${why}`, hint)
}
