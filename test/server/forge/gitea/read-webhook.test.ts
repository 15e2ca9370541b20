// cspell:ignore testme
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readWebhook } from '../../../../src/server/forge/gitea/read-webhook.ts'

const SECRET = 'a-secret-of-enough-length'
const HEAD = 'a'.repeat(40)
const payload = {
  action: 'created',
  is_pull: true,
  issue: { number: 7, url: 'http://169.254.169.254/' },
  comment: {
    id: 41,
    body: '!testme',
    user: { login: 'member' },
    created_at: '2026-11-28T05:00:00Z',
    updated_at: '2026-11-28T05:00:00+00:00',
    html_url: 'http://169.254.169.254/',
  },
  repository: { full_name: 'coop/hello', clone_url: 'http://169.254.169.254/' },
  pull_request: { head: { sha: HEAD, ref: '../../x' } },
}

const sign = (body: Uint8Array | string, secret = SECRET) => createHmac('sha256', secret).update(body).digest('hex')

function read(value: unknown, headers: Record<string, string> = {}) {
  const body = new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
  const all = { 'x-gitea-event-type': 'pull_request_comment', 'x-gitea-signature': sign(body), ...headers }
  return readWebhook({ headers: new Headers(all), body, secret: SECRET })
}

describe('signature', () => {
  const body = new TextEncoder().encode('{"no": "hook"')
  const kind = (headers: Record<string, string>, secret = SECRET) =>
    readWebhook({ headers: new Headers({ 'x-gitea-event': 'issue_comment', ...headers }), body, secret }).kind

  it('comes before parsing', () => {
    expect(kind({})).toBe('unsigned')
    expect(kind({ 'x-gitea-signature': sign(body) })).toBe('malformed')
    expect(kind({ 'x-hub-signature-256': `sha256=${sign(body)}` })).toBe('malformed')
  })

  it.each([
    ['empty', ''],
    ['short', sign(body).slice(2)],
    ['long', `${sign(body)}00`],
    ['of another secret', sign(body, 'another')],
    ['no hex', 'z'.repeat(64)],
    ['of 64 characters and more bytes', `${sign(body).slice(1)}é`],
  ])('is refused: %s', (_, signature) => {
    expect(kind({ 'x-gitea-signature': signature.replace('é', '\u00e9') })).toBe('unsigned')
    expect(kind({ 'x-hub-signature-256': `sha256=${signature}` })).toBe('unsigned')
  })

  it('must be right in every header that has one', () => {
    expect(kind({ 'x-gitea-signature': sign(body), 'x-hub-signature-256': 'sha256=00' })).toBe('unsigned')
  })

  it('is nothing with an empty secret', () => {
    expect(kind({ 'x-gitea-signature': sign(body, '') }, '')).toBe('unsigned')
  })

  it('covers every byte', () => {
    const whole = Buffer.from(JSON.stringify(payload))
    const headers = new Headers({ 'x-gitea-event-type': 'pull_request_comment', 'x-gitea-signature': sign(whole) })
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const body = Uint8Array.from(whole)
        body[at] = (body[at] ?? 0) ^ change
        expect(readWebhook({ headers, body, secret: SECRET }).kind).toBe('unsigned')
      }),
    )
  })
})

describe('what it says', () => {
  it('is a comment with the head that the commenter saw, and no address', () => {
    const read1 = read(payload)
    expect(read1).toEqual({
      kind: 'comment',
      event: {
        comment: {
          id: 41,
          body: '!testme',
          author: 'member',
          createdAt: '2026-11-28T05:00:00Z',
          updatedAt: '2026-11-28T05:00:00+00:00',
          pull: 7,
          repository: 'coop/hello',
        },
        head: HEAD,
      },
    })
    expect(JSON.stringify(read1)).not.toContain('169.254')
  })

  it('knows pull requests by either name of the event', () => {
    const event = { 'x-gitea-event': 'issue_comment', 'x-gitea-event-type': '' }
    expect(read(payload, { ...event, 'x-gitea-event-type': 'issue_comment' }).kind).toBe('comment')
    expect(read({ ...payload, is_pull: false }, { 'x-gitea-event-type': 'issue_comment' }).kind).toBe('ignored')
    expect(read({ ...payload, is_pull: undefined }, { 'x-gitea-event-type': 'issue_comment' }).kind).toBe('ignored')
    expect(read({ ...payload, pull_request: null })).toMatchObject({ event: { head: null } })
  })

  it.each(['push', 'pull_request', 'pull_request_review_comment', 'x'.repeat(10_000)])(
    'ignores other events',
    (type) => {
      const found = read(payload, { 'x-gitea-event-type': type })
      expect(found).toMatchObject({ kind: 'ignored' })
      expect(JSON.stringify(found).length).toBeLessThan(200)
    },
  )

  it.each(['edited', 'deleted', ''])('ignores the action %j', (action) => {
    expect(read({ ...payload, action })).toMatchObject({ kind: 'ignored' })
  })

  it.each([
    ['a list', []],
    ['null', 'null'],
    ['no comment', { ...payload, comment: undefined }],
    ['a climbing name', { ...payload, repository: { full_name: '../../etc' } }],
    ['a number that is none', { ...payload, issue: { number: -1 } }],
    ['a fraction', { ...payload, comment: { ...payload.comment, id: 1.5 } }],
    ['a short head', { ...payload, pull_request: { head: { sha: 'abc' } } }],
    ['no time', { ...payload, comment: { ...payload.comment, created_at: 'now' } }],
    ['bytes that are no UTF-8', '\ud800'.concat('{')],
  ])('calls malformed: %s', (_, value) => {
    expect(read(value)).toMatchObject({ kind: 'malformed' })
  })

  it('throws at nothing that is signed', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(read(text).kind).not.toBe('comment')
      }),
    )
  })
})
