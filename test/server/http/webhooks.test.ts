// cspell:ignore testme
import { createHmac } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { type HttpBench, httpBench, SETTINGS } from './bench.ts'

function delivery(body: string, { secret = SETTINGS.webhookSecret, event = 'push' } = {}): RequestInit {
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  return {
    ...{ method: 'POST', body },
    headers: { 'x-gitea-event': event, 'x-gitea-signature': signature, 'content-type': 'application/json' },
  }
}

describe('a delivery', () => {
  let bench: HttpBench
  beforeAll(async () => {
    bench = await httpBench()
  })

  test.each([
    ['a wrong signature', delivery('{}', { secret: 'another secret of some length' }), 401],
    ['none', { method: 'POST', body: '{}' }, 401],
    ['another event', delivery('{}'), 202],
    ['no JSON', delivery('{', { event: 'issue_comment' }), 400],
    ['more than 1 MiB', delivery('x'.repeat(1024 ** 2 + 1)), 413],
    ['just 1 MiB', delivery('x'.repeat(1024 ** 2)), 202],
  ])('with %s', async (_, init, status) => {
    expect((await bench.app.request('/hooks/gitea', init)).status).toBe(status)
    await bench.drain()
    expect(bench.comments).toEqual([])
  })

  test('is counted by what it was', async () => {
    const text = await bench.metricsText()
    for (const line of ['{result="unsigned"} 2', '{result="ignored"} 2', '{result="malformed"} 1']) {
      expect(text).toContain(`cc_ci_hook_answers_total${line}`)
    }
    expect(text).toContain('cc_ci_hook_queue 0')
  })
})
