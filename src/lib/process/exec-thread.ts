import { Worker } from 'node:worker_threads'
import { PendingRequests } from '../async/pending-requests.ts'
import { InfraError } from '../errors.ts'
import type { ExecOptions, ExecResult } from './exec.ts'

const ENTRY = new URL('./exec-thread-entry.ts', import.meta.url)

/** `lines`: each line is wanted as it comes. */
export type ExecRequest =
  | {
      readonly kind: 'run'
      readonly id: number
      readonly file: string
      readonly args: readonly string[]
      readonly options: Omit<ExecOptions, 'signal' | 'onLine'>
      readonly lines: boolean
    }
  | { readonly kind: 'stop'; readonly id: number }

export type ExecReply =
  | { readonly kind: 'line'; readonly id: number; readonly line: string }
  | { readonly kind: 'result'; readonly id: number; readonly result: ExecResult }
  | {
      readonly kind: 'fault'
      readonly id: number
      readonly code: string
      readonly message: string
      readonly hint: string | undefined
    }

interface Waiting {
  readonly options: ExecOptions
  readonly resolve: (result: ExecResult) => void
  readonly reject: (error: unknown) => void
}

interface Thread {
  readonly worker: Worker
  readonly waiting: PendingRequests<Waiting>
}

/**
 * Starts programs from a thread of its own. Starting one holds up whoever does it until the new process has begun: 20 ms and more on a busy
 * machine, in which a server answers nobody. `exec` is as in exec.ts. A thread that ended is followed by a new one.
 */
export class ExecThread {
  #thread: Thread | null = null

  readonly exec = async (file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> => {
    const { signal, onLine, ...rest } = options
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<ExecResult>()
    const { worker, waiting } = this.#begun()
    const id = waiting.add({ options, resolve, reject })
    const stop = () => worker.postMessage({ kind: 'stop', id } satisfies ExecRequest)
    signal?.addEventListener('abort', stop, { once: true })
    worker.postMessage({
      kind: 'run',
      id,
      file,
      args,
      options: rest,
      lines: onLine !== undefined,
    } satisfies ExecRequest)
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Pending requests fail. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.worker.terminate()
  }

  #begun(): Thread {
    if (this.#thread) return this.#thread
    const worker = new Worker(ENTRY, { execArgv: ['--disable-warning=ExperimentalWarning'], name: 'programs' })
    const waiting = new PendingRequests<Waiting>(worker)
    let reason = 'its thread has ended'
    worker.on('message', (reply: ExecReply) => hear(waiting, reply))
    worker.on('error', ({ message }) => {
      reason = message
    })
    worker.on('exit', () => {
      this.#thread = null
      const why = new InfraError('program-failed', `programs cannot be started: ${reason}`)
      for (const { reject } of waiting.takeAll()) reject(why)
    })
    this.#thread = { worker, waiting }
    return this.#thread
  }
}

function hear(all: PendingRequests<Waiting>, reply: ExecReply): void {
  if (reply.kind === 'line') {
    all.get(reply.id)?.options.onLine?.(reply.line)
    return
  }
  const waiting = all.take(reply.id)
  if (!waiting) return
  const { options, resolve, reject } = waiting
  if (reply.kind === 'result') resolve(reply.result)
  else if (options.signal?.aborted) reject(options.signal.reason)
  else reject(new InfraError(reply.code, reply.message, reply.hint === undefined ? {} : { hint: reply.hint }))
}
