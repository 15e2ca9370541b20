import { expect, it } from 'vitest'
import type { Clock } from '../../../src/lib/async/clock.ts'
import { pauseAfter, retry } from '../../../src/lib/async/retry.ts'

const BACKOFF = { firstMs: 100, longestMs: 350 }

/** A clock whose sleeps end at once and are remembered. */
function quickClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  const sleep = async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted()
    slept.push(ms)
  }
  return { slept, now: () => 0, sleep }
}

/** Fails so often, then succeeds. */
function failing(times: number): () => Promise<string> {
  let calls = 0
  return async () => {
    calls += 1
    if (calls <= times) throw new Error(`failure ${calls}`)
    return `call ${calls}`
  }
}

it('doubles the pause up to the longest, however long it continues', () => {
  expect([1, 2, 3, 4, 5000].map((failures) => pauseAfter(failures, BACKOFF))).toEqual([100, 200, 350, 350, 350])
})

it('calls until it succeeds, and sleeps what the caller says', async () => {
  const clock = quickClock()
  const { signal } = new AbortController()
  const onFailure = (error: unknown, pauseMs: number) => ((error as Error).message === 'failure 2' ? 7 : pauseMs)
  expect(await retry(failing(4), { backoff: BACKOFF, clock, signal, onFailure })).toBe('call 5')
  expect(clock.slept).toEqual([100, 7, 350, 350])
})

it('ends with what the caller throws about a failure', async () => {
  const clock = quickClock()
  const { signal } = new AbortController()
  const onFailure = (error: unknown): number => {
    throw error
  }
  await expect(retry(failing(9), { backoff: BACKOFF, clock, signal, onFailure })).rejects.toThrow('failure 1')
  expect(clock.slept).toEqual([])
})

it('ends with the reason of the signal between two calls, with the error of the call in one', async () => {
  const clock = quickClock()
  const between = new AbortController()
  const abort = () => {
    between.abort(new TypeError('stop'))
    return 1
  }
  const options = { backoff: BACKOFF, clock, signal: between.signal, onFailure: abort }
  await expect(retry(failing(9), options)).rejects.toThrow('stop')
  const during = new AbortController()
  const call = async () => {
    during.abort(new TypeError('stop'))
    throw new Error('of the call')
  }
  await expect(retry(call, { ...options, signal: during.signal })).rejects.toThrow('of the call')
})
