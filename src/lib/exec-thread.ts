import { Worker } from 'node:worker_threads'
import { InfraError } from './errors.ts'
import type { ExecOptions, ExecResult } from './exec.ts'

const ENTRY = new URL('./exec-thread-entry.ts', import.meta.url)

/** `lines`: each line is wanted as it comes. */
export type Ask =
  | {
      readonly kind: 'run'
      readonly id: number
      readonly file: string
      readonly args: readonly string[]
      readonly options: Omit<ExecOptions, 'signal' | 'onLine'>
      readonly lines: boolean
    }
  | { readonly kind: 'stop'; readonly id: number }

export type Reply =
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

/**
 * Starts programs from a thread of its own. Starting one holds up whoever does it until the new process has begun: 20 ms and more on a busy
 * machine, in which a server answers nobody. `exec` is as in exec.ts. A thread that ended is followed by a new one.
 */
export class ExecThread {
  readonly #waiting = new Map<number, Waiting>()
  #worker: Worker | null = null
  #next = 0

  readonly exec = async (file: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> => {
    const { signal, onLine, ...rest } = options
    signal?.throwIfAborted()
    const id = this.#next++
    const { promise, resolve, reject } = Promise.withResolvers<ExecResult>()
    const worker = this.#begun()
    if (this.#waiting.size === 0) worker.ref()
    this.#waiting.set(id, { options, resolve, reject })
    const stop = () => worker.postMessage({ kind: 'stop', id } satisfies Ask)
    signal?.addEventListener('abort', stop, { once: true })
    worker.postMessage({ kind: 'run', id, file, args, options: rest, lines: onLine !== undefined } satisfies Ask)
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  /** What waits is told that it failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate()
  }

  #begun(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(ENTRY, { execArgv: ['--disable-warning=ExperimentalWarning'], name: 'programs' })
    worker.unref()
    let reason = 'its thread has ended'
    worker.on('message', (reply: Reply) => this.#hear(reply))
    worker.on('error', ({ message }) => {
      reason = message
    })
    worker.on('exit', () => {
      this.#worker = null
      for (const { reject } of this.#waiting.values()) {
        reject(new InfraError('program-failed', `programs cannot be started: ${reason}`))
      }
      this.#waiting.clear()
    })
    this.#worker = worker
    return worker
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    if (!waiting) return
    const { options, resolve, reject } = waiting
    if (reply.kind === 'line') {
      options.onLine?.(reply.line)
      return
    }
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#worker?.unref()
    if (reply.kind === 'result') resolve(reply.result)
    else if (options.signal?.aborted) reject(options.signal.reason)
    else reject(new InfraError(reply.code, reply.message, reply.hint === undefined ? {} : { hint: reply.hint }))
  }
}
