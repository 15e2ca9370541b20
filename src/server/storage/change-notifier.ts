// cspell:ignore kysely
import { EventEmitter } from 'node:events'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import type { Clock } from '../../lib/async/clock.ts'
import type { Tables } from './schema/tables.ts'

const CHANNEL = 'cc_ci_changed'

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
  async notify(db: Kysely<Tables>): Promise<void> {
    if (this.#url !== null) await sql`select pg_notify(${CHANNEL}, '')`.execute(db)
  }

  now(): void {
    this.#emitter.emit('changed')
  }

  /** Resolves at the next word, after `ms`, or when the signal aborts. A database that is gone makes it wait the whole `ms`. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return
    const own = new AbortController()
    const either = AbortSignal.any([signal, own.signal])
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#emitter.once('changed', resolve)
    void this.#listen()
    try {
      await Promise.race([promise, this.#clock.sleep(ms, either).catch(() => {})])
    } finally {
      own.abort()
      this.#emitter.off('changed', resolve)
    }
  }

  /** Resolves once notifications of other servers are heard (at once where there are none). */
  async ready(): Promise<void> {
    await this.#listen()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.now()
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
      this.now()
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', () => this.now())
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
