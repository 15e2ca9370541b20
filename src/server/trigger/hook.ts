import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import { commitId, repositoryName } from '../contract/request.ts'
import type { CommentEvent } from '../contract/services.ts'

export interface Delivery {
  readonly headers: Headers
  /** As it came: what was signed. */
  readonly body: Uint8Array
  readonly secret: string
}

export type Hook =
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'malformed'; readonly why: string }
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'comment'; readonly event: CommentEvent }

const login = z.object({ login: z.string().min(1).max(255) })

/** The fields used, and no other: addresses that a payload names are never called. */
const payload = z.object({
  action: z.string(),
  comment: z.object({
    id: z.int().positive(),
    body: z.string().max(2_000_000),
    user: login,
    created_at: z.iso.datetime({ offset: true }),
    updated_at: z.iso.datetime({ offset: true }),
  }),
  issue: z.object({ number: z.int().positive() }),
  pull_request: z.object({ head: z.object({ sha: commitId }) }).nullish(),
  repository: z.object({ full_name: repositoryName }),
})

/**
 * What a delivery of Gitea or Forgejo says. The signature is checked over the raw body before anything of it is read. Only a new comment on a
 * pull request is a trigger: an edited one may have been edited by somebody else (measured on Gitea 1.26: `sender` is then not its author).
 */
export function readHook({ headers, body, secret }: Delivery): Hook {
  if (!isSigned(headers, body, secret)) return { kind: 'unsigned' }
  const type = headers.get('x-gitea-event-type') ?? headers.get('x-gitea-event') ?? ''
  if (type !== 'pull_request_comment') return { kind: 'ignored', why: `event ${type.slice(0, 60) || 'of no kind'}` }
  let parsed: z.infer<typeof payload>
  try {
    parsed = payload.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
  } catch (error) {
    return { kind: 'malformed', why: messageOf(error).slice(0, 300) }
  }
  const { action, comment, issue, pull_request, repository } = parsed
  if (action !== 'created') return { kind: 'ignored', why: `comment ${action.slice(0, 40)}` }
  const event: CommentEvent = {
    comment: {
      id: comment.id,
      body: comment.body,
      author: comment.user.login,
      createdAt: new Date(comment.created_at).toISOString(),
      updatedAt: new Date(comment.updated_at).toISOString(),
      pull: issue.number,
      repository: repository.full_name,
    },
    head: pull_request?.head.sha ?? null,
  }
  return { kind: 'comment', event }
}

function isSigned(headers: Headers, body: Uint8Array, secret: string): boolean {
  const given = headers.get('x-gitea-signature') ?? headers.get('x-hub-signature-256')?.replace(/^sha256=/, '')
  if (!given || !/^[0-9a-f]{64}$/i.test(given)) return false
  return timingSafeEqual(Buffer.from(given, 'hex'), createHmac('sha256', secret).update(body).digest())
}
