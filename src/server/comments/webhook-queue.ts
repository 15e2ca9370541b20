import type { Logger } from 'pino'
import type { CommentEvent } from '../contract/forge.ts'
import type { CommentReceiver } from '../contract/services.ts'

/** Few: handling comments shares the processor with answering requests. */
const CONCURRENCY = 4
const MOST_WAITING = 512

/** Comments that webhooks delivered, handled after the delivery has been answered. */
export class WebhookQueue {
  readonly #comments: Pick<CommentReceiver, 'receive'>
  readonly #log: Pick<Logger, 'error'>
  readonly #waiting: CommentEvent[] = []
  readonly #active = new Set<Promise<void>>()

  constructor(comments: Pick<CommentReceiver, 'receive'>, log: Pick<Logger, 'error'>) {
    this.#comments = comments
    this.#log = log
  }

  get length(): number {
    return this.#waiting.length + this.#active.size
  }

  /** False where the queue is full. */
  add(event: CommentEvent): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false
    this.#waiting.push(event)
    setImmediate(() => this.#start())
    return true
  }

  /** Resolves when every comment in the queue has been handled, or has failed. */
  async drain(): Promise<void> {
    this.#start()
    while (this.#active.size > 0) await Promise.all(this.#active)
  }

  #start(): void {
    while (this.#active.size < CONCURRENCY) {
      const event = this.#waiting.shift()
      if (!event) return
      const work: Promise<void> = this.#handle(event).finally(() => {
        this.#active.delete(work)
        this.#start()
      })
      this.#active.add(work)
    }
  }

  async #handle(event: CommentEvent): Promise<void> {
    try {
      await this.#comments.receive(event)
    } catch (err) {
      const { repository, id } = event.comment
      this.#log.error({ err, repository, comment: id }, 'handling a webhook comment failed; the next poll will retry')
    }
  }
}
