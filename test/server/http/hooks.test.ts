// cspell:ignore testme
import { createHmac } from 'node:crypto'
import { pino } from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CommentEvent } from '../../../src/server/contract/services.ts'
import { HookDesk } from '../../../src/server/http/hook-route.ts'
import { type HttpBench, httpBench, SETTINGS } from './bench.ts'

const EVENT: CommentEvent = {
  comment: {
    ...{ id: 7, body: '!testme', author: 'ann', pull: 3, repository: 'coop-cloud/one' },
    ...{ createdAt: '2026-01-05T10:00:00Z', updatedAt: '2026-01-05T10:00:00Z' },
  },
  head: 'a'.repeat(40),
}

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

describe('the desk', () => {
  const log = pino({ level: 'silent' })

  test('works at four at a time, lets 512 wait, and refuses the rest', async () => {
    const going: (() => void)[] = []
    const desk = new HookDesk({ comment: () => new Promise<void>((resolve) => going.push(resolve)) }, log)
    const taken = Array.from({ length: 600 }, () => desk.hand(EVENT))
    expect(taken.filter(Boolean)).toHaveLength(512)
    const drained = desk.drain()
    expect(going).toHaveLength(4)
    expect(desk.length).toBe(512)
    let most = 0
    for (let at = 0; at < 512; at++) {
      most = Math.max(most, going.length - at)
      going[at]?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await drained
    expect([most, going.length, desk.length]).toEqual([4, 512, 0])
  })

  test('goes on after a comment that cannot be decided', async () => {
    let calls = 0
    const desk = new HookDesk({ comment: async () => Promise.reject(new Error(`no ${++calls}`)) }, log)
    desk.hand(EVENT)
    desk.hand(EVENT)
    await desk.drain()
    expect(calls).toBe(2)
  })
})
