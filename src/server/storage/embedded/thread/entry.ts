// cspell:ignore pglite
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { InternalError } from '../../../../lib/errors.ts'
import { prepare } from './prepared.ts'
import type { ThreadData, ThreadRequest, ThreadResponse, WireError } from './protocol.ts'

/** The thread that has the embedded database: PostgreSQL as WASM, which holds up whatever thread it computes in. */
const port = parentPort
if (!port) throw new InternalError('no-thread', 'this is the entry of a thread')
const say = (answer: ThreadResponse) => port.postMessage(answer)

const database = await open(workerData as ThreadData)
if (database) {
  let last = Promise.resolve()
  port.on('message', (request: ThreadRequest) => {
    last = last.then(() => (request.kind === 'close' ? close(database) : answer(database, request)))
  })
  say({ kind: 'ready' })
}

async function open({ folder, prepared }: ThreadData): Promise<PGlite | null> {
  try {
    await prepare(folder, prepared)
    return await PGlite.create(folder)
  } catch (error) {
    say({ kind: 'failed', error: wire(error) })
    return null
  }
}

async function answer(db: PGlite, request: ThreadRequest & { readonly kind: 'query' }): Promise<void> {
  try {
    const { rows, affectedRows } = await db.query(request.sql, [...request.parameters])
    say({ kind: 'result', id: request.id, result: { rows, affectedRows: affectedRows ?? null } })
  } catch (thrown) {
    const error = wire(thrown)
    say({ kind: isOver(thrown, error) ? 'broken' : 'error', id: request.id, error })
  }
}

/** An error that PostgreSQL did not say as one, or with which its process would have ended: what is in memory cannot be trusted any more. */
function isOver(thrown: unknown, error: WireError): boolean {
  const { severity } = thrown as { severity?: unknown }
  return error.code === null || severity === 'FATAL' || severity === 'PANIC'
}

async function close(db: PGlite): Promise<void> {
  await db.close().catch(() => {})
  port?.close()
}

function wire(thrown: unknown): WireError {
  const { name, message, code, stack, errno } = Object(thrown) as Partial<Record<string, unknown>>
  const text = typeof message === 'string' && message !== '' ? message : String(thrown)
  return {
    name: typeof name === 'string' ? name : 'Error',
    message: typeof errno === 'number' ? `${text} (errno ${errno})` : text,
    code: typeof code === 'string' ? code : null,
    stack: typeof stack === 'string' ? stack : null,
  }
}
