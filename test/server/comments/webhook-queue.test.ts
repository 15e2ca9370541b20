// cspell:ignore testme
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { WebhookQueue } from '../../../src/server/comments/webhook-queue.ts'
import type { CommentEvent } from '../../../src/server/contract/forge.ts'

const EVENT: CommentEvent = {
  comment: {
    ...{ id: 7, body: '!testme', author: 'ann', pull: 3, repository: 'coop-cloud/one' },
    ...{ createdAt: '2026-01-05T10:00:00Z', updatedAt: '2026-01-05T10:00:00Z' },
  },
  head: 'a'.repeat(40),
}

describe('the queue', () => {
  const log = pino({ level: 'silent' })

  test('handles four at a time, lets 512 wait, and refuses the rest', async () => {
    const going: (() => void)[] = []
    const queue = new WebhookQueue({ receive: () => new Promise<void>((resolve) => going.push(resolve)) }, log)
    const taken = Array.from({ length: 600 }, () => queue.add(EVENT))
    expect(taken.filter(Boolean)).toHaveLength(512)
    const drained = queue.drain()
    expect(going).toHaveLength(4)
    expect(queue.length).toBe(512)
    let most = 0
    for (let at = 0; at < 512; at++) {
      most = Math.max(most, going.length - at)
      going[at]?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await drained
    expect([most, going.length, queue.length]).toEqual([4, 512, 0])
  })

  test('continues after a comment that cannot be handled', async () => {
    let calls = 0
    const queue = new WebhookQueue({ receive: async () => Promise.reject(new Error(`no ${++calls}`)) }, log)
    queue.add(EVENT)
    queue.add(EVENT)
    await queue.drain()
    expect(calls).toBe(2)
  })
})
