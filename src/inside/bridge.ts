import { chmodSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { INSIDE } from '../sandbox/contract.ts'
import { Lines } from '../sandbox/lines.ts'
import { memoryKills, survivors } from './left-running.ts'

/**
 * Carries lines between the programs of the sandbox, over a socket, and the harness, over its own stdin and stdout. It runs as a user of its
 * own, so that no program can touch it. Lines to the harness: `<connection> <line>`, `! ready`, `! closed <survivors> <memory kills>`.
 * Lines from it: `<connection> <answer>`, `! open` (programs may connect from now on), `! close` (every connection ends).
 */
const LIMITS = { lineBytes: 1024 * 1024, answerBytes: 16 * 1024 * 1024, connections: 32, perProgram: 1000, open: 16 }
const UNREAD_BYTES = 16 * 1024 * 1024

interface Line {
  readonly socket: Socket
  readonly waiting: string[]
  unanswered: number
}

const connections = new Map<number, Line>()
let accepting = false
let lastId = 0
let ofProgram = 0

function accept(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  ofProgram += 1
  if (!accepting || connections.size >= LIMITS.connections || ofProgram > LIMITS.perProgram) {
    socket.destroy()
    return
  }
  lastId += 1
  const id = lastId
  const connection: Line = { socket, waiting: [], unanswered: 0 }
  connections.set(id, connection)
  const lines = new Lines(
    LIMITS.lineBytes,
    (line) => {
      connection.waiting.push(line)
      forward(id, connection)
    },
    () => socket.end(`${JSON.stringify({ id: null, error: TOO_LONG })}\n`),
  )
  socket.on('data', (chunk: Buffer) => lines.push(chunk))
  socket.on('close', () => connections.delete(id))
}

const TOO_LONG = { code: 'line-too-long', message: 'a line of more than 1 MiB' }

/** Hands over what may be handed over; reads on only when all of it was. */
function forward(id: number, connection: Line): void {
  while (connection.waiting.length > 0 && connection.unanswered < LIMITS.open) {
    connection.unanswered += 1
    say(`${id} ${connection.waiting.shift()}`)
  }
  if (connection.waiting.length > 0) connection.socket.pause()
  else connection.socket.resume()
}

function answer(id: number, line: string): void {
  const connection = connections.get(id)
  if (!connection) return
  connection.socket.write(`${line}\n`)
  if (connection.socket.writableLength > UNREAD_BYTES) connection.socket.destroy()
  connection.unanswered -= 1
  forward(id, connection)
}

function close(): void {
  accepting = false
  for (const { socket } of connections.values()) socket.destroy()
  connections.clear()
  say(`! closed ${survivors()} ${memoryKills()}`)
}

function obey(line: string): void {
  const space = line.indexOf(' ')
  const [to, what] = [line.slice(0, space), line.slice(space + 1)]
  if (to !== '!') answer(Number(to), what)
  else if (what === 'close') close()
  else if (what === 'open') [accepting, ofProgram] = [true, 0]
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

const orders = new Lines(LIMITS.answerBytes, obey, () => process.exit(1))
process.stdin.on('data', (chunk: Buffer) => orders.push(chunk))
process.stdin.on('end', () => process.exit(0))
createServer(accept).listen(INSIDE.socket, () => {
  chmodSync(INSIDE.socket, 0o666)
  say('! ready')
})
