import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { CommentEvent, Intake } from '../contract/services.ts'
import { type HookReading, readHook } from '../trigger/hook.ts'
import { HttpError } from './http-error.ts'
import { bytesOf } from './middleware/request-body.ts'

const BODY_BYTES = 1024 ** 2
/** Few: deciding shares the processor with answering. */
const AT_A_TIME = 4
const PENDING = 512

export interface HookParts {
  readonly secret: string
  readonly desk: HookDesk
  /** Counts answers by what they were. */
  readonly answered: (result: HookReading['kind'] | 'full') => void
}

/** Takes deliveries of the forge: checked and noted at once, decided after the answer. The forge never tries again, the poll does. */
export function hookRoute({ secret, desk, answered }: HookParts): Hono {
  const app = new Hono()
  app.post('/gitea', async (c) => {
    const body = await bytesOf(c, BODY_BYTES)
    const reading = readHook({ headers: c.req.raw.headers, body, secret })
    const room = reading.kind !== 'comment' || desk.hand(reading.event)
    answered(room ? reading.kind : 'full')
    if (!room) throw new HttpError(503, 'busy', 'too many deliveries wait; the comment will be found by polling')
    if (reading.kind === 'unsigned') throw new HttpError(401, 'unsigned', 'the signature is missing or wrong')
    if (reading.kind === 'malformed') throw new HttpError(400, 'malformed', reading.why)
    return c.json(reading.kind === 'ignored' ? { ignored: reading.why } : { accepted: true }, 202)
  })
  return app
}

/** Comments that were delivered and wait to be decided. */
export class HookDesk {
  readonly #intake: Pick<Intake, 'comment'>
  readonly #log: Logger
  readonly #waiting: CommentEvent[] = []
  readonly #working = new Set<Promise<void>>()

  constructor(intake: Pick<Intake, 'comment'>, log: Logger) {
    this.#intake = intake
    this.#log = log
  }

  get length(): number {
    return this.#waiting.length + this.#working.size
  }

  /** False where there is no room. */
  hand(event: CommentEvent): boolean {
    if (this.#waiting.length >= PENDING) return false
    this.#waiting.push(event)
    setImmediate(() => this.#begin())
    return true
  }

  /** Resolves when everything that was handed over has been decided, or has failed. */
  async drain(): Promise<void> {
    this.#begin()
    while (this.#working.size > 0) await Promise.all(this.#working)
  }

  #begin(): void {
    while (this.#working.size < AT_A_TIME) {
      const event = this.#waiting.shift()
      if (!event) return
      const work: Promise<void> = this.#decide(event).finally(() => {
        this.#working.delete(work)
        this.#begin()
      })
      this.#working.add(work)
    }
  }

  async #decide(event: CommentEvent): Promise<void> {
    try {
      await this.#intake.comment(event)
    } catch (err) {
      const { repository, id } = event.comment
      this.#log.error({ err, repository, comment: id }, 'a delivered comment was not decided; the poll meets it again')
    }
  }
}
