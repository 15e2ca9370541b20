import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { waitFor } from '../../../src/lib/async/wait.ts'
import type { CommentEvent, WebhookReading } from '../../../src/server/contract/forge.ts'
import { readWebhook } from '../../../src/server/forge/gitea/read-webhook.ts'
import type { Gitea } from '../support/gitea.ts'

const SECRET = 'a-secret-of-this-test'

/** Reads what the real forge sends of an organisation, through `readWebhook`. */
export class WebhookReceiver {
  readonly readings: WebhookReading[] = []
  readonly #server = createServer(async (request, response) => {
    const headers = new Headers(
      Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]),
    )
    this.readings.push(readWebhook({ headers, body: await buffer(request), secret: SECRET }))
    response.end()
  })

  static async start(gitea: Gitea): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver()
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.#server.address() as AddressInfo
    const config = { url: `http://127.0.0.1:${port}/`, content_type: 'json', secret: SECRET }
    await gitea.api(gitea.people.admin, 'POST', `/orgs/${gitea.organisation}/hooks`, {
      type: 'gitea',
      active: true,
      config,
      events: ['pull_request_comment'],
    })
    return receiver
  }

  /** The event of a comment, once it has come. */
  async of(comment: number): Promise<CommentEvent> {
    const found = await waitFor<CommentEvent, never>(
      async () => {
        const event = this.readings
          .flatMap((one) => (one.kind === 'comment' ? [one.event] : []))
          .find((one) => one.comment.id === comment)
        return event ? { state: 'ready', value: event } : { state: 'waiting', reason: 'not yet delivered' }
      },
      { name: `the webhook of comment ${comment}`, timeoutMs: 120_000, everyMs: 20 },
    )
    if (found.state !== 'ready') throw new Error(`no webhook came of comment ${comment}`)
    return found.value
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
