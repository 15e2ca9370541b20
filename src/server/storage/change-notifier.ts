// cspell:ignore kysely
import { EventEmitter } from 'node:events'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '../../lib/async/clock.ts'
import type { Tables } from './schema/tables.ts'

const CHANNEL = 'cc_ci_changed'

/** `queue`: what waits or who has what. Waiting workers hear of nothing else: each progress of each run changes the outbox, and would wake all of them. */
export type Change = 'queue' | 'else'

/** Wakes waiters in this process, and by LISTEN/NOTIFY those of other servers, when the queue or the outbox may have changed. */
export class ChangeNotifier {
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  readonly #url: string | null
  readonly #clock: Clock
  #listener: Promise<pg.Client> | null = null
  #closed = false

  constructor(url: string | null, clock: Clock) {
    this.#url = url
    this.#clock = clock
  }

  /** Part of a transaction: others hear of it when it commits. */
  async notify(db: Kysely<Tables>, of: Change): Promise<void> {
    // A server of an earlier version says nothing of what it was: '' is the queue.
    if (this.#url !== null) await sql`select pg_notify(${CHANNEL}, ${of === 'queue' ? '' : of})`.execute(db)
  }

  now(of: Change): void {
    if (of === 'queue') this.#emitter.emit('queue')
    this.#emitter.emit('any')
  }

  /** Resolves at the next word of it, after `ms`, or when the signal aborts. A database that is gone makes it wait the whole `ms`. */
  async wait(ms: number, signal: AbortSignal, of: 'queue' | 'any'): Promise<void> {
    if (signal.aborted || this.#closed) return
    const own = new AbortController()
    const either = AbortSignal.any([signal, own.signal])
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#emitter.once(of, resolve)
    void this.#listen()
    try {
      await Promise.race([promise, this.#clock.sleep(ms, either).catch(() => {})])
    } finally {
      own.abort()
      this.#emitter.off(of, resolve)
    }
  }

  /** Resolves once notifications of other servers are heard (at once where there are none). */
  async ready(): Promise<void> {
    await this.#listen()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.now('queue')
    const client = await this.#listener?.catch(() => null)
    await client?.end().catch(() => {})
  }

  async #listen(): Promise<void> {
    if (this.#url === null || this.#closed) return
    this.#listener ??= this.#connect(this.#url)
    await this.#listener.catch(() => {})
  }

  async #connect(connectionString: string): Promise<pg.Client> {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5000, keepAlive: true })
    const lost = () => {
      this.#listener = null
      this.now('queue')
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', ({ payload }) => this.now(payload === 'else' ? 'else' : 'queue'))
    try {
      await client.connect()
      await client.query(`listen ${CHANNEL}`)
      return client
    } catch (error) {
      this.#listener = null
      throw error
    }
  }
}
