import { describe, expect, it } from 'vitest'
import { type Condition, waitFor } from '../../../src/lib/async/wait.ts'
import { CancelledError } from '../../../src/lib/errors.ts'

type Seen = Condition<string, string>

describe('waitFor', () => {
  it('returns the value of the first ready look', async () => {
    const looks: Seen[] = [
      { state: 'waiting', reason: 'cold' },
      { state: 'ready', value: 'warm' },
    ]
    const result = await waitFor(async () => looks.shift() as Seen, { name: 'x', timeoutMs: 60_000, everyMs: 1 })
    expect(result).toMatchObject({ state: 'ready', value: 'warm' })
  })

  it('ends at once when it has become impossible', async () => {
    const result = await waitFor(async (): Promise<Seen> => ({ state: 'impossible', cause: 'dead' }), {
      name: 'x',
      timeoutMs: 60_000,
    })
    expect(result).toMatchObject({ state: 'impossible', cause: 'dead' })
  })

  it('says at the deadline what it saw last', async () => {
    const result = await waitFor(async (): Promise<Seen> => ({ state: 'waiting', reason: 'still 0/1' }), {
      name: 'x',
      timeoutMs: 50,
      everyMs: 5,
    })
    expect(result).toMatchObject({ state: 'deadline', lastSeen: 'still 0/1' })
  })

  it('bounds a look that hangs', async () => {
    const result = await waitFor(() => new Promise<Seen>(() => {}), { name: 'x', timeoutMs: 30 })
    expect(result.state).toBe('deadline')
  })

  it('does not take an error for "not yet"', async () => {
    const look = async (): Promise<Seen> => {
      throw new TypeError('broken look')
    }
    await expect(waitFor(look, { name: 'x', timeoutMs: 1000 })).rejects.toThrow('broken look')
  })

  it('rejects with the reason of the signal', async () => {
    const controller = new AbortController()
    const look = async (): Promise<Seen> => {
      controller.abort(new CancelledError('SIGTERM'))
      return { state: 'waiting', reason: 'on' }
    }
    await expect(waitFor(look, { name: 'x', timeoutMs: 60_000, signal: controller.signal })).rejects.toBeInstanceOf(
      CancelledError,
    )
  })

  it('looks again as soon as it is nudged', async () => {
    const looks: Seen[] = [
      { state: 'waiting', reason: 'cold' },
      { state: 'ready', value: 'warm' },
    ]
    const started = Date.now()
    await waitFor(async () => looks.shift() as Seen, {
      name: 'x',
      timeoutMs: 20_000,
      everyMs: 10_000,
      wake: async () => {},
    })
    expect(Date.now() - started).toBeLessThan(5000)
  })

  it('reports a reason once while it stays the same', async () => {
    const reasons: string[] = []
    const seen = ['a', 'a', 'b']
    await waitFor(
      async (): Promise<Seen> => {
        const reason = seen.shift()
        return reason ? { state: 'waiting', reason } : { state: 'ready', value: 'done' }
      },
      { wait: 'browser', timeoutMs: 60_000, everyMs: 1, onWaiting: ({ reason }) => reasons.push(reason) },
    )
    expect(reasons).toEqual(['a', 'b'])
  })
})
