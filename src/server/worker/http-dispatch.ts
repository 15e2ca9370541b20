import { createWriteStream } from 'node:fs'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { InfraError } from '../../lib/errors.ts'
import { type Assignment, assignment, type Dispatch, renewAnswer } from '../contract/protocol.ts'
import { answerOf, callServer, gone, type ServerAddress, type ServerCall } from './server-call.ts'

const SOURCE_MS = 600_000
const SOURCE_BYTES = 4 * 1024 ** 3
const UPLOAD_MS = 60_000

/** The worker protocol over HTTP; see contract/protocol.ts for the calls, `callServer` for what is thrown. */
export function httpDispatch(server: ServerAddress): Dispatch {
  const post = async (held: Assignment, what: string, body?: object) => {
    await drain(await callServer(server, { method: 'POST', ...aboutRun(held, what), ...(body ? { body } : {}) }))
  }
  return {
    sharesFolder: false,
    async claim(body, signal) {
      const deadlineMs = body.waitMs + 15_000
      const response = await callServer(server, { method: 'POST', path: 'claim', body, signal, deadlineMs })
      if (response.status !== 204) return answerOf(response, assignment)
      await drain(response)
      return null
    },
    async source(held, file, signal) {
      const call = { ...aboutRun(held, 'source'), signal, deadlineMs: SOURCE_MS }
      await save(await callServer(server, { method: 'GET', ...call }), file, signal)
    },
    async renew(held) {
      return answerOf(await callServer(server, { method: 'POST', ...aboutRun(held, 'renew') }), renewAnswer)
    },
    async put(held, path, offset, bytes) {
      const file = `files/${path.split('/').map(encodeURIComponent).join('/')}?offset=${offset}`
      const call = { ...aboutRun(held, file), body: bytes, deadlineMs: UPLOAD_MS }
      return answerOf(await callServer(server, { method: 'PUT', ...call }), z.object({ size: z.int().nonnegative() }))
    },
    finish: (held, body) => post(held, 'finish', body),
    teardown: (held, body) => post(held, 'teardown', body),
    release: (held) => post(held, 'release'),
  }
}

function aboutRun({ request, attempt, token }: Assignment, what: string): Pick<ServerCall, 'path' | 'lease'> {
  return { path: `runs/${request.id}/${what}`, lease: { run: request.id, attempt, token } }
}

async function save(response: Response, file: string, signal: AbortSignal): Promise<void> {
  let size = 0
  const bounded = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.byteLength
      done(size > SOURCE_BYTES ? new InfraError('server-broken', 'the source is larger than any recipe') : null, chunk)
    },
  })
  try {
    await pipeline(Readable.from(response.body ?? []), bounded, createWriteStream(file, { mode: 0o600 }), { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw error instanceof InfraError ? error : gone(error)
  }
}

/** Frees the connection. */
async function drain(response: Response): Promise<void> {
  await response.body?.cancel()
}
