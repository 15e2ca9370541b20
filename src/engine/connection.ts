import { Duplex, Readable } from 'node:stream'
import { InfraError, messageOf } from '../lib/errors.ts'
import { jsonOf, notUnderstood, type ParseAnswer, understand } from './answer.ts'

/** What an ordinary engine call may take. */
export const CALL_DEADLINE_MS = 30_000

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** `filters` of list calls: label, name, ... */
  readonly filters?: Readonly<Record<string, readonly string[]>>
  readonly body?: object
  /** A tar archive instead of a body. */
  readonly archive?: Buffer
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** The engine answered, and refused. */
export class EngineRefusal extends InfraError {
  readonly status: number

  constructor(status: number, message: string, hint?: string) {
    super('engine-refused', message, hint === undefined ? {} : { hint })
    this.status = status
  }
}

interface Dial {
  path: string
  method: string
  options: object
  file?: Buffer
  statusCodes: Record<number, true>
  abortSignal?: AbortSignal
  isStream?: boolean
  hijack?: boolean
  openStdin?: boolean
}

/** The part of dockerode's transport that is used: sockets, TCP, TLS and ssh as DOCKER_HOST says. */
export interface Transport {
  dial(options: Dial, done: (error: unknown, answer: unknown) => void): void
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

const OK: Record<number, true> = { 200: true, 201: true, 202: true, 204: true, 304: true, 101: true }

/**
 * Calls to one engine without an API version in the path, so that each engine answers in its own newest one. Every call has
 * a deadline; passing it, or losing the socket, is InfraError `engine-lost`.
 */
export class Connection {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /**
   * What the engine says, read as JSON by `parse`. Throws EngineRefusal when the engine says no, InfraError `engine-answer` when it says what
   * `parse` does not take.
   */
  async ask<T>(method: Method, path: string, parse: ParseAnswer<T>, options: CallOptions = {}): Promise<T> {
    const call = `${method} ${path}`
    return understand(jsonOf(await this.#answer(method, path, options), call), parse, call)
  }

  /** Like `ask`, and null where the engine says 404. */
  find<T>(method: Method, path: string, parse: ParseAnswer<T>, options: CallOptions = {}): Promise<T | null> {
    return orMissing(this.ask(method, path, parse, options), null)
  }

  /** A call whose answer says nothing but that it was done. Throws EngineRefusal. */
  async tell(method: Method, path: string, options: CallOptions = {}): Promise<void> {
    await this.#answer(method, path, options)
  }

  /** Like `tell`: true when it was done, false where the engine says 404. */
  tellIfThere(method: Method, path: string, options: CallOptions = {}): Promise<boolean> {
    const done = this.tell(method, path, options).then(() => true)
    return orMissing(done, false)
  }

  /** The answer as a stream that the signal ends; the caller bounds its time and size. */
  async stream(method: Method, path: string, options: CallOptions & { signal: AbortSignal }): Promise<Readable> {
    try {
      const answer = await this.#dial(method, path, options, { abortSignal: options.signal, isStream: true })
      if (answer instanceof Readable) return answer
      throw notUnderstood(`${method} ${path}`, 'it is no stream')
    } catch (error) {
      options.signal.throwIfAborted()
      throw translate(error, `${method} ${path}`)
    }
  }

  /** Takes the connection over in both directions (exec with input). */
  async hijack(path: string, body: object, signal: AbortSignal): Promise<Duplex> {
    try {
      const answer = await this.#dial('POST', path, { body }, { abortSignal: signal, hijack: true })
      if (answer instanceof Duplex) return answer
      throw notUnderstood(`POST ${path}`, 'the connection was not handed over; is there a proxy before the engine?')
    } catch (error) {
      signal.throwIfAborted()
      throw translate(error, `POST ${path}`)
    }
  }

  async #answer(method: Method, path: string, options: CallOptions): Promise<unknown> {
    const deadlineMs = options.deadlineMs ?? CALL_DEADLINE_MS
    const late = AbortSignal.timeout(deadlineMs)
    const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
    try {
      return await this.#dial(method, path, options, { abortSignal: signal })
    } catch (error) {
      options.signal?.throwIfAborted()
      throw translate(error, `${method} ${path}`, late.aborted ? deadlineMs : undefined)
    }
  }

  #dial(method: Method, path: string, call: CallOptions, extra: Partial<Dial>): Promise<unknown> {
    const { query, filters, body, archive } = call
    const asked = { ...query, ...(filters ? { filters: JSON.stringify(filters) } : {}) }
    const options = { _query: asked, _body: body ?? {} }
    const dial = { path: `${path}?`, method, options, statusCodes: OK, ...(archive ? { file: archive } : {}), ...extra }
    return new Promise((resolve, reject) => {
      this.#transport.dial(dial, (error, answer) => (error ? reject(error) : resolve(answer)))
    })
  }
}

async function orMissing<T, M>(asked: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return missing
    throw error
  }
}

function translate(error: unknown, what: string, lateAfterMs?: number): Error {
  if (lateAfterMs !== undefined) {
    return new InfraError('engine-lost', `the engine did not answer ${what} within ${lateAfterMs} ms`, {
      hint: "Run 'cc-ci doctor'; the engine may hang.",
      cause: error,
    })
  }
  if (error instanceof InfraError) return error
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  if (statusCode !== undefined) return new EngineRefusal(statusCode, `${what}: ${messageOf(error).trim()}`)
  if (code === 'EACCES' || code === 'EPERM') {
    return new InfraError('engine-permission', `no permission to talk to the engine (${messageOf(error)})`, {
      hint: 'Run as root, or add your user to the group that owns the socket, usually `docker`.',
      cause: error,
    })
  }
  return new InfraError('engine-lost', `the engine is gone: ${what}: ${messageOf(error)}`, {
    hint: "Is it running? Run 'cc-ci doctor'.",
    cause: error,
  })
}
