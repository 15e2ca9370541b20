import { expect, test } from 'vitest'
import { Stillness } from '../../src/checks/stillness.ts'
import { KnownActivity, PausesPass, signsEach } from './edge-stand-in.ts'

const MINUTE = 60_000

interface Life {
  /** Its signs of work come so often. */
  readonly everyMs: number
  /** So long after the first request. */
  readonly phaseMs?: number
  /** Lines, which may be ours, or changes of tasks and health. */
  readonly excusable?: boolean
  /** Default: 30 ms. */
  readonly requestMs?: number
}

/** How long an app that always answers 500 is asked, at most four minutes. */
async function asked({ everyMs, phaseMs = 0, excusable = true, requestMs = 30 }: Life): Promise<number> {
  const clock = new PausesPass()
  const from = clock.begun - everyMs + phaseMs
  const activity = new KnownActivity(clock, signsEach(everyMs, 5 * MINUTE, { from, excusable }))
  const stillness = new Stillness({ activity, clock })
  while (clock.elapsedMs() < 4 * MINUTE) {
    const begun = clock.now()
    await clock.sleep(requestMs)
    stillness.saw({ sign: '500', request: { from: begun, to: clock.now() }, excused: true })
    if (stillness.isDecided()) break
    await clock.sleep(stillness.pauseMs())
  }
  return clock.elapsedMs()
}

const phases = (everyMs: number) => Array.from({ length: 25 }, (_, n) => Math.round((n * everyMs) / 25))

test.each([500, 1_000, 1_250, 2_500, 2_530, 5_000, 5_060, 7_000, 8_000])(
  'an app that logs every %d ms is never taken for a quiet one, whenever its lines fall',
  async (everyMs) => {
    for (const requestMs of [5, 30, 400])
      for (const phaseMs of phases(everyMs))
        expect([phaseMs, await asked({ everyMs, phaseMs, requestMs })]).toEqual([
          phaseMs,
          expect.toSatisfy((ms) => ms >= 4 * MINUTE),
        ])
  },
)

test.each([1_000, 10_000, 19_000])('a task or health that changes every %d ms is never excused', async (everyMs) => {
  for (const phaseMs of phases(everyMs))
    expect(await asked({ everyMs, phaseMs, excusable: false })).toBeGreaterThanOrEqual(4 * MINUTE)
})

test('an app that does nothing is asked for 20 s', async () => {
  const tookMs = await asked({ everyMs: 10 * MINUTE })
  expect(tookMs).toBeGreaterThanOrEqual(20_000)
  expect(tookMs).toBeLessThan(20_100)
})

test('an app that takes 9 s for each answer is asked five times', async () => {
  const tookMs = await asked({ everyMs: 10 * MINUTE, requestMs: 9_000 })
  expect(tookMs).toBeGreaterThanOrEqual(45_000)
  expect(tookMs).toBeLessThan(55_000)
})

test('what nobody knows is never quiet, but for what stands alone', () => {
  const clock = new PausesPass()
  const stillness = new Stillness({ clock })
  const request = { from: clock.now() - 20_000, to: clock.now() }
  for (let n = 0; n < 5; n += 1) stillness.saw({ sign: 'circle', request, excused: true })
  expect([stillness.isDecided(), stillness.isDecided(true), stillness.stillMs()]).toEqual([false, true, null])
})

/** What was asked, and when it was decided, of an app that never works and gives these by turns. */
async function byTurns(answers: (n: number) => string, timeoutMs = 4 * MINUTE) {
  const clock = new PausesPass()
  const stillness = new Stillness({ activity: new KnownActivity(clock, []), clock })
  for (let n = 0; clock.elapsedMs() < timeoutMs; n += 1) {
    const begun = clock.now()
    await clock.sleep(30)
    const sign = answers(n)
    stillness.saw({ sign, request: { from: begun, to: clock.now() }, excused: true })
    if (stillness.isDecided()) return { sign, tookMs: clock.elapsedMs(), turns: stillness.takesTurns() }
    await clock.sleep(stillness.pauseMs())
  }
  return null
}

test.each([
  ['a server that is now and then not there', (n: number) => (n % 3 === 2 ? '502' : '500'), '500'],
  ['two replicas, one of them broken in another way', (n: number) => (n % 2 === 0 ? '500' : '502'), /^50[02]$/],
])('%s says nothing new with that: the most frequent answer counts', async (_, answers, expected) => {
  const decided = await byTurns(answers)
  expect(decided).toMatchObject({ sign: expect.stringMatching(expected), turns: true })
  expect(decided?.tookMs).toBeGreaterThanOrEqual(20_000)
  expect(decided?.tookMs).toBeLessThan(26_000)
})

test('an answer that came once before is nothing new, nor is it told as a turn', async () => {
  const decided = await byTurns((n) => (n === 0 ? '404' : '500'))
  expect(decided).toMatchObject({ sign: '500', turns: false })
  expect(decided?.tookMs).toBeLessThan(21_000)
})

test('an answer that counts is never still', async () => {
  expect(await byTurns((n) => `${n} %`)).toBeNull()
  // Nor one that counts round and round.
  expect(await byTurns((n) => `${n % 9} %`)).toBeNull()
})
