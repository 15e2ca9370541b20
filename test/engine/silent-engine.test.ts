import { expect, test } from 'vitest'
import type { Engine } from '../../src/engine/client.ts'
import { convergeOn } from '../../src/engine/convergence/converge.ts'
import type { StackSnapshot } from '../../src/engine/convergence/snapshot.ts'
import { lived, second } from './watch/lives.ts'

const engine = { taskLogs: async () => '', containerLogs: async () => '' } as unknown as Engine

/** A wait of a minute in which the engine answers until this second and then hangs. */
async function wait(answersUntil: number) {
  let now = second(0)
  const clock = {
    now: () => now,
    async sleep(ms: number, signal?: AbortSignal) {
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
      now += ms
    },
  }
  const starting = (): StackSnapshot => ({
    ...lived((now - second(0)) / 1000, { app: [{ from: 0 }] }),
    tasks: [],
    at: now,
  })
  const observer = { last: { ...starting(), at: 0 }, unready: () => 'app' }
  const look = async () => {
    if (now >= second(answersUntil)) return new Promise<never>(() => undefined)
    observer.last = starting()
    return observer.last
  }
  const wake = () => new Promise<void>(() => undefined)
  const options = { stack: 's', expected: [{ service: 'app' }], timeoutMs: 60_000, clock }
  return convergeOn({ engine, observer, look, wake }, options)
}

test('an engine that hangs is lost, and what it was to run has no fault', async () => {
  await expect(wait(0)).rejects.toMatchObject({ code: 'engine-lost', blame: 'infra' })
  await expect(wait(20)).rejects.toMatchObject({
    code: 'engine-lost',
    message: expect.stringMatching(/ for [345]\d s,/),
  })
})

test('what the engine told of a moment ago is the app', async () => {
  expect(await wait(45)).toMatchObject({ state: 'impossible', cause: { code: 'not-converged' } })
  expect(await wait(100)).toMatchObject({ state: 'impossible', cause: { code: 'not-converged' } })
})
