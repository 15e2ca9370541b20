import { z } from 'zod'
import { CcCiError, messageOf } from '../lib/errors.ts'
import type { RpcHandlers } from './contract.ts'

const MAX_ANSWER_BYTES = 8 * 1024 * 1024
const MAX_REQUESTS = 10_000

const request = z.object({
  id: z.union([z.number(), z.string().max(100)]),
  method: z.string().max(100),
  params: z.unknown().optional(),
})

/** Answers the lines of one program, until it is ended: what a handler finds out after that is dropped. */
export class Requests {
  readonly #handlers: RpcHandlers
  readonly #send: (connection: string, line: string) => void
  #taken = 0
  #ended = false

  constructor(handlers: RpcHandlers, send: (connection: string, line: string) => void) {
    this.#handlers = handlers
    this.#send = send
  }

  end(): void {
    this.#ended = true
  }

  /** Never rejects. */
  async take(connection: string, line: string): Promise<void> {
    if (this.#ended) return
    const answer = await this.#answer(line)
    if (!this.#ended) this.#send(connection, answer)
  }

  async #answer(line: string): Promise<string> {
    const { data, success } = request.safeParse(parsed(line))
    if (!success) return refusal(null, 'bad-request', 'write {"id":1,"method":"…","params":{…}}')
    const { id, method, params } = data
    this.#taken += 1
    if (this.#taken > MAX_REQUESTS) return refusal(id, 'too-many-requests', `more than ${MAX_REQUESTS} requests`)
    const handler = Object.hasOwn(this.#handlers, method) ? this.#handlers[method] : undefined
    if (!handler) return refusal(id, 'unknown-method', `there is no method "${method}"`)
    try {
      const result = (await handler(params)) ?? null
      const answer = JSON.stringify({ id, result })
      if (Buffer.byteLength(answer) <= MAX_ANSWER_BYTES) return answer
      return refusal(id, 'answer-too-long', `the answer to "${method}" has more than 8 MiB`)
    } catch (error) {
      return refusal(id, error instanceof CcCiError ? error.code : 'request-failed', messageOf(error))
    }
  }
}

function refusal(id: number | string | null, code: string, message: string): string {
  return JSON.stringify({ id, error: { code, message } })
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // No JSON: refused as any other malformed request.
    return undefined
  }
}
