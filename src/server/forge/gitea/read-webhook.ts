// cspell:ignore forgejo
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { WebhookDelivery, WebhookReading } from '../../contract/forge.ts'
import { commitId, repositoryName } from '../../contract/request.ts'

const time = z.iso.datetime({ offset: true })
const created = z.object({
  action: z.string().max(100),
  is_pull: z.boolean().optional(),
  comment: z.object({
    id: z.int().positive(),
    body: z.string(),
    user: z.object({ login: z.string().min(1).max(255) }),
    created_at: time,
    updated_at: time,
  }),
  issue: z.object({ number: z.int().positive() }),
  repository: z.object({ full_name: repositoryName }),
  pull_request: z.object({ head: z.object({ sha: commitId }) }).nullish(),
})

/**
 * A webhook of Gitea or Forgejo. Nothing is parsed before the signature of the raw body is verified; addresses in it are never used.
 * Only a comment that was just created on a pull request is `comment`.
 */
export function readWebhook({ headers, body, secret }: WebhookDelivery): WebhookReading {
  if (!isSigned(headers, body, secret)) return { kind: 'unsigned' }
  const event = headers.get('x-gitea-event') ?? headers.get('x-forgejo-event') ?? ''
  const type = headers.get('x-gitea-event-type') ?? headers.get('x-forgejo-event-type') ?? event
  if (type !== 'pull_request_comment' && type !== 'issue_comment')
    return { kind: 'ignored', why: `event ${quoted(type)}` }
  const value = jsonOf(body)
  if (value === undefined) return { kind: 'malformed', why: 'the body is no JSON' }
  const action = z.object({ action: z.string() }).safeParse(value).data?.action
  if (action !== undefined && action !== 'created') return { kind: 'ignored', why: `action ${quoted(action)}` }
  const parsed = created.safeParse(value)
  if (!parsed.success) return { kind: 'malformed', why: issueText(parsed.error) }
  const { comment, issue, repository, pull_request, is_pull } = parsed.data
  if (type === 'issue_comment' && is_pull !== true) return { kind: 'ignored', why: 'no pull request' }
  return {
    kind: 'comment',
    event: {
      comment: {
        id: comment.id,
        body: comment.body,
        author: comment.user.login,
        createdAt: comment.created_at,
        updatedAt: comment.updated_at,
        pull: issue.number,
        repository: repository.full_name,
      },
      head: pull_request?.head.sha ?? null,
    },
  }
}

/** Every signature header that is present must be right; lengths are compared first. Nothing counts as signed with an empty secret. */
function isSigned(headers: Headers, body: Uint8Array, secret: string): boolean {
  if (secret === '') return false
  const claimed = [
    headers.get('x-gitea-signature'),
    headers.get('x-forgejo-signature'),
    headers.get('x-hub-signature-256')?.replace(/^sha256=/, '') ?? null,
  ].filter((signature) => signature !== null)
  if (claimed.length === 0) return false
  const right = createHmac('sha256', secret).update(body).digest()
  return claimed.every((signature) => isSame(signature, right))
}

function isSame(signature: string, right: Buffer): boolean {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false
  return timingSafeEqual(Buffer.from(signature, 'hex'), right)
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}

function issueText(error: z.ZodError): string {
  const [issue] = error.issues
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`.slice(0, 200)
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60).toWellFormed())
}
