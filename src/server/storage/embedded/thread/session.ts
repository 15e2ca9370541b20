import { Worker } from 'node:worker_threads'
import { PendingRequests } from '../../../../lib/async/pending-requests.ts'
import { InfraError } from '../../../../lib/errors.ts'
import type { QueryResult, ThreadData, ThreadRequest, ThreadResponse, WireError } from './protocol.ts'

const ENTRY = new URL('./entry.ts', import.meta.url)
/** A sound database opens in a second, on a busy machine in ten; what takes longer is a damaged one that turns in circles. */
const OPEN_MS = 120_000
const CLOSE_MS = 30_000
/** Every query is of milliseconds; one that takes longer turns in circles, and with it everything that waits behind it. */
const QUERY_MS = 60_000

interface Pending {
  readonly resolve: (result: QueryResult) => void
  readonly reject: (error: unknown) => void
}

/** The database could not be opened, did not answer, or its thread has ended. */
class ThreadError extends Error {
  override readonly name = 'ThreadError'
}

/** One life of the database's thread. Once `ended`, every query throws InfraError `database-gone`; a new session is a new thread. */
export class Session {
  readonly #worker: Worker
  readonly #pending: PendingRequests<Pending>
  readonly #queryMs: number
  readonly #exit: Promise<void>
  /** Why it is over; null while it is not. */
  ended: Error | null = null

  private constructor(worker: Worker, queryMs: number) {
    this.#worker = worker
    this.#pending = new PendingRequests(worker)
    this.#queryMs = queryMs
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exit = promise
    worker.on('message', (answer: ThreadResponse) => this.#hear(answer))
    worker.on('error', (error) => this.#end(error))
    worker.on('exit', (code) => {
      this.#end(new ThreadError(`the thread of the database ended with ${code}`))
      resolve()
    })
  }

  /** Throws ThreadError when the database cannot be opened, with the reason of the database as its cause. */
  static async open(data: ThreadData, queryMs = QUERY_MS): Promise<Session> {
    const worker = new Worker(ENTRY, {
      workerData: data,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdout: true,
      stderr: true,
      name: 'database',
    })
    const words = stderrTail(worker)
    const opened = await begun(worker)
    if (opened === null) return new Session(worker, queryMs)
    await worker.terminate()
    throw new ThreadError([opened.message, words()].filter(Boolean).join('; '), { cause: opened })
  }

  /** A query without an answer in time ends the session. */
  async query(sql: string, parameters: readonly unknown[]): Promise<QueryResult> {
    if (this.ended) throw gone(this.ended)
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult>()
    const id = this.#pending.add({ resolve, reject })
    const giveUp = () => void this.kill(new ThreadError(`a query had no answer within ${this.#queryMs} ms`))
    const late = setTimeout(giveUp, this.#queryMs)
    this.#worker.postMessage({ kind: 'query', id, sql, parameters } satisfies ThreadRequest)
    try {
      return await promise
    } finally {
      clearTimeout(late)
    }
  }

  /** Everything that was asked is answered first, and the database closes its files. */
  async close(): Promise<void> {
    if (!this.ended) this.#worker.postMessage({ kind: 'close' } satisfies ThreadRequest)
    this.#worker.ref()
    const late = setTimeout(() => void this.#worker.terminate(), CLOSE_MS)
    await this.#exit
    clearTimeout(late)
  }

  /** At once: what is under way is lost, as with the death of a process. */
  async kill(reason: Error): Promise<void> {
    this.#end(reason)
    await this.#worker.terminate()
  }

  #hear(answer: ThreadResponse): void {
    if (answer.kind === 'ready' || answer.kind === 'failed') return
    const pending = this.#pending.take(answer.id)
    if (answer.kind === 'result') pending?.resolve(answer.result)
    else if (answer.kind === 'error') pending?.reject(thrown(answer.error))
    else {
      const why = thrown(answer.error)
      pending?.reject(gone(why))
      void this.kill(why)
    }
  }

  #end(reason: Error): void {
    this.ended ??= reason
    for (const { reject } of this.#pending.takeAll()) reject(gone(this.ended))
  }
}

/** Null when the thread is ready, else why it is not. */
async function begun(worker: Worker): Promise<Error | null> {
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  const late = setTimeout(() => resolve(new Error(`the database did not open within ${OPEN_MS} ms`)), OPEN_MS)
  const hear = (answer: ThreadResponse) => resolve(answer.kind === 'failed' ? thrown(answer.error) : null)
  const exit = (code: number) => resolve(new Error(`its thread ended with ${code}`))
  worker.once('message', hear).once('error', resolve).once('exit', exit)
  const opened = await promise
  clearTimeout(late)
  worker.off('message', hear).off('error', resolve).off('exit', exit)
  if (opened !== null) worker.on('error', () => {})
  return opened
}

/** What the database wrote to standard error of its thread, its end. */
function stderrTail(worker: Worker): () => string {
  let text = ''
  const keep = (bytes: Buffer) => {
    text = (text + bytes.toString('utf8')).slice(-1000)
  }
  worker.stdout.on('data', keep)
  worker.stderr.on('data', keep)
  return () => text.trim().replaceAll(/\s+/g, ' ')
}

function thrown({ name, message, code, stack }: WireError): Error {
  const error = new Error(message)
  return Object.assign(error, { name, ...(code === null ? {} : { code }), ...(stack === null ? {} : { stack }) })
}

function gone(cause: Error): InfraError {
  return new InfraError('database-gone', `the database does not answer: ${cause.message}`, { cause })
}
