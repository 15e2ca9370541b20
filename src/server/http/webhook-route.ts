import { Hono } from 'hono'
import type { WebhookQueue } from '../comments/webhook-queue.ts'
import type { ForgeImplementation, ForgeKind, WebhookReading } from '../contract/forge.ts'
import { HttpError } from './http-error.ts'
import { bytesOf } from './middleware/request-body.ts'

const BODY_BYTES = 1024 ** 2

export interface WebhookRouteDeps {
  readonly kind: ForgeKind
  readonly readWebhook: ForgeImplementation['readWebhook']
  readonly secret: string
  readonly queue: WebhookQueue
  /** Counts answers by their kind. */
  readonly onAnswer: (result: WebhookReading['kind'] | 'full') => void
}

/** Takes deliveries of the forge: checked and queued at once, handled after the answer. The forge does not retry; polling finds what was lost. */
export function webhookRoute({ kind, readWebhook, secret, queue, onAnswer }: WebhookRouteDeps): Hono {
  const app = new Hono()
  app.post(`/${kind}`, async (c) => {
    const body = await bytesOf(c, BODY_BYTES)
    const reading = readWebhook({ headers: c.req.raw.headers, body, secret })
    const queued = reading.kind !== 'comment' || queue.add(reading.event)
    onAnswer(queued ? reading.kind : 'full')
    if (!queued) throw new HttpError(503, 'busy', 'too many deliveries wait; the comment will be found by polling')
    if (reading.kind === 'unsigned') throw new HttpError(401, 'unsigned', 'the signature is missing or wrong')
    if (reading.kind === 'malformed') throw new HttpError(400, 'malformed', reading.why)
    return c.json(reading.kind === 'ignored' ? { ignored: reading.why } : { accepted: true }, 202)
  })
  return app
}
