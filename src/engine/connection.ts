import { IncomingMessage } from 'node:http'
import { Duplex, type Readable } from 'node:stream'
import { z } from 'zod'
import { type DebugFields, debugLog } from '../lib/debug.ts'
import { InfraError, messageOf } from '../lib/errors.ts'
import { jsonOf, notUnderstood, type ParseAnswer, understand } from './answer.ts'
import { nodeOf, nodeTransport } from './nodes/node-transport.ts'

/** What an ordinary engine call may take. */
export const CALL_DEADLINE_MS = 30_000

export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** `filters` of list calls: label, name, ... */
  readonly filters?: Readonly<Record<string, readonly string[]>>
  readonly body?: object
  /** A tar archive instead of a body. */
  readonly archive?: Buffer | Readable
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * The engine answered, and refused. Who asked knows whose fault that is: what a recipe describes is the recipe's (`blameRecipe`), anything else
 * stays the machine's.
 */
export class EngineRefusal extends InfraError {
  /** The HTTP status: 4xx for what is asked, 5xx for what the engine cannot do now. */
  readonly status: number
  /** The same may be granted at another time. */
  readonly retryable: boolean
  /** What the engine says, without the call. */
  readonly words: string

  constructor(call: string, status: number, words: string) {
    super('engine-refused', `${call}: HTTP ${status}: ${words}`)
    this.status = status
    this.retryable = status >= 500 || status === 408 || status === 429
    this.words = words
  }
}

interface Dial {
  path: string
  method: string
  options: object
  file?: Buffer | Readable
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

const debug = debugLog('engine')

export const PERMISSION_HINT =
  'Run as root, or add your user to the group that owns the socket, usually `docker`; for a container: docker run --group-add "$(stat -c %g /var/run/docker.sock)".'

const NODE_HINT = "Is the node up, and its endpoint? Run 'cc-ci nodes'. A run that is started now gets another node."

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** The transport hands over every answer: what a status means is decided here. */
const ANY_STATUS = Object.fromEntries(Array.from({ length: 600 }, (_, status) => [status, true as const]))
const isGranted = (status: number) => status < 300 || status === 304
const MAX_WORDS = 2000

/**
 * Calls to one engine without an API version in the path, so that each engine answers in its own newest one. Every call has
 * a deadline; passing it, or losing the socket, is InfraError `engine-lost`.
 */
export class Connection {
  readonly #transport: Transport

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** The same Swarm, with the containers, volumes and images of another of its nodes. */
  at(node: Connection, name: string): Connection {
    return new Connection(nodeTransport(this.#transport, node.#transport, name))
  }

  /**
   * What the engine says, read as JSON by `parse`. Throws EngineRefusal when the engine says no, InfraError `engine-answer` when it says what
   * `parse` does not take.
   */
  async request<T>(method: Method, path: string, parse: ParseAnswer<T>, options: CallOptions = {}): Promise<T> {
    const call = `${method} ${path}`
    return understand(jsonOf(await this.#answer(method, path, options), call), parse, call)
  }

  /** Like `ask`, and null where the engine says 404. */
  find<T>(method: Method, path: string, parse: ParseAnswer<T>, options: CallOptions = {}): Promise<T | null> {
    return orMissing(this.request(method, path, parse, options), null)
  }

  /** A call whose answer says nothing but that it was done. Throws EngineRefusal. */
  async send(method: Method, path: string, options: CallOptions = {}): Promise<void> {
    await this.#answer(method, path, options)
  }

  /** Like `tell`: true when it was done, false where the engine says 404. */
  sendIfFound(method: Method, path: string, options: CallOptions = {}): Promise<boolean> {
    const done = this.send(method, path, options).then(() => true)
    return orMissing(done, false)
  }

  /** The answer as a stream that the signal ends; the caller bounds its time and size. */
  async stream(method: Method, path: string, options: CallOptions & { signal: AbortSignal }): Promise<Readable> {
    try {
      return await this.#granted(method, path, options, options.signal)
    } catch (error) {
      options.signal.throwIfAborted()
      throw translate(error, `${method} ${path}`)
    }
  }

  /** Takes the connection over in both directions (exec with input, attach). */
  async hijack(path: string, body: object, signal: AbortSignal, query: CallOptions['query'] = {}): Promise<Duplex> {
    try {
      const answer = await this.#dial('POST', path, { body, query }, { abortSignal: signal, hijack: true })
      if (!(answer instanceof IncomingMessage)) return answer
      if (!isGranted(answer.statusCode ?? 0)) throw await refusalOf(`POST ${path}`, answer)
      answer.destroy()
      throw notUnderstood(`POST ${path}`, 'the connection was not handed over; is there a proxy before the engine?')
    } catch (error) {
      signal.throwIfAborted()
      throw translate(error, `POST ${path}`)
    }
  }

  /** The whole text of an answer. */
  async #answer(method: Method, path: string, options: CallOptions): Promise<string> {
    const timeoutMs = options.timeoutMs ?? CALL_DEADLINE_MS
    const late = AbortSignal.timeout(timeoutMs)
    const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
    try {
      return await textOf(await this.#granted(method, path, options, signal))
    } catch (error) {
      options.signal?.throwIfAborted()
      throw translate(error, `${method} ${path}`, late.aborted ? timeoutMs : undefined)
    }
  }

  async #granted(method: Method, path: string, options: CallOptions, signal: AbortSignal): Promise<IncomingMessage> {
    const answer = await this.#dial(method, path, options, { abortSignal: signal })
    if (!(answer instanceof IncomingMessage)) throw notUnderstood(`${method} ${path}`, 'it is no HTTP')
    if (!isGranted(answer.statusCode ?? 0)) throw await refusalOf(`${method} ${path}`, answer)
    return answer
  }

  #dial(method: Method, path: string, call: CallOptions, extra: Partial<Dial>): Promise<IncomingMessage | Duplex> {
    const { query, filters, body, archive } = call
    const parameters = { ...query, ...(filters ? { filters: JSON.stringify(filters) } : {}) }
    const options = { _query: parameters, _body: body ?? {} }
    const dial = {
      path: `${path}?`,
      method,
      options,
      statusCodes: ANY_STATUS,
      isStream: true,
      ...(archive ? { file: archive } : {}),
      ...extra,
    }
    const start = performance.now()
    return new Promise((resolve, reject) => {
      this.#transport.dial(dial, (error, answer) => {
        if (debug.enabled) debug('engine call answered', callFields(method, path, start, error, answer))
        if (answer instanceof IncomingMessage || answer instanceof Duplex) resolve(answer)
        else reject(error ?? notUnderstood(`${method} ${path}`, 'it is no HTTP'))
      })
    })
  }
}

function callFields(method: Method, path: string, start: number, error: unknown, answer: unknown): DebugFields {
  const outcome =
    answer instanceof IncomingMessage ? { status: answer.statusCode } : error ? { error: messageOf(error) } : {}
  return { method, path, ...outcome, ms: Math.round(performance.now() - start) }
}

async function orMissing<T, M>(call: Promise<T>, missing: M): Promise<T | M> {
  try {
    return await call
  } catch (error) {
    if (error instanceof EngineRefusal && error.status === 404) return missing
    throw error
  }
}

function translate(error: unknown, what: string, lateAfterMs?: number): Error {
  if (error instanceof InfraError) return error
  const node = nodeOf(error)
  const engine = node === null ? 'the engine' : `the engine of node ${node}`
  if (lateAfterMs !== undefined) {
    return new InfraError('engine-lost', `${engine} did not answer ${what} within ${lateAfterMs} ms`, {
      hint: node === null ? "Run 'cc-ci doctor'; the engine may hang." : NODE_HINT,
      cause: error,
    })
  }
  const { code } = error as { code?: string }
  if (code === 'EACCES' || code === 'EPERM') {
    return new InfraError('engine-permission', `no permission to talk to the engine (${messageOf(error)})`, {
      hint: PERMISSION_HINT,
      cause: error,
    })
  }
  return new InfraError('engine-lost', `${engine} is gone: ${what}: ${messageOf(error)}`, {
    hint: node === null ? "Is it running? Run 'cc-ci doctor'." : NODE_HINT,
    cause: error,
  })
}

async function textOf(answer: Readable): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** Its words are the engine's, `{ "message": … }`, or whatever a proxy before it said. */
async function refusalOf(call: string, answer: IncomingMessage): Promise<EngineRefusal> {
  const { statusCode: status = 0, statusMessage = '' } = answer
  const text = (await textOf(answer)).trim()
  return new EngineRefusal(call, status, (messageIn(text) ?? (text || statusMessage)).slice(0, MAX_WORDS))
}

function messageIn(text: string): string | null {
  try {
    const said = refusal.parse(JSON.parse(text))
    return said.message.trim()
  } catch {
    // Not the engine's form: then all of it is what was said.
    return null
  }
}

const refusal = z.object({ message: z.string() })
