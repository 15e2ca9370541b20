import { describe, expect, test } from 'vitest'
import type { LogOptions } from '../../src/engine/client.ts'
import { Activity } from '../../src/engine/convergence/activity.ts'
import { InfraError } from '../../src/lib/errors.ts'
import { container, task } from './seen.ts'

/** What a container had done at a second: processor time in ms (null: not here), and its last lines. */
interface Done {
  readonly second: number
  readonly cpuMs?: number | null
  readonly log?: string
  readonly error?: Error
  readonly probes?: readonly { from: number; to: number }[]
}

/** How long the container was quiet after each look, in seconds. */
async function quiet(looks: readonly Done[]) {
  let done: Done = { second: 0 }
  let measured = 0
  const asked: [string, LogOptions | undefined][] = []
  const activity = new Activity({
    cpuMs: async () => {
      measured++
      return done.cpuMs === undefined ? 0 : done.cpuMs
    },
    container: async () =>
      container('c', { health: { status: 'healthy', failingStreak: 0, log: [], probes: done.probes } }),
    containerLogs: async (id, options) => {
      asked.push([id, options])
      if (done.error) throw done.error
      return done.log ?? ''
    },
  })
  const program = task('app', { containerId: 'c' })
  const seen = []
  for (done of looks) {
    await activity.watch(program, done.second * 1000)
    const ms = activity.quietMs(program, done.second * 1000)
    seen.push(ms === null ? null : ms / 1000)
  }
  return { seen, measured, asked, activity }
}

const quietOf = async (...looks: readonly Done[]) => (await quiet(looks)).seen

test('a program is at work when it is first seen, and quiet from then on', async () => {
  expect(await quietOf({ second: 10 }, { second: 15 }, { second: 40 })).toEqual([0, 5, 30])
})

test('a line that it has not written before is progress; the same one is none, nor with another number', async () => {
  const said = (second: number, log: string) => ({ second, log })
  expect(await quietOf(said(0, 'starting'), said(10, 'starting\nmigrating'), said(20, 'starting\nmigrating'))).toEqual([
    0, 0, 10,
  ])
  expect(await quietOf(said(0, 'attempt 1 of 20'), said(10, 'attempt 17 of 20'))).toEqual([0, 10])
  expect(await quietOf(said(0, 'step'), said(10, 'step 2'))).toEqual([0, 0])
  expect(await quietOf(said(0, 'port:1'), said(10, 'port:'))).toEqual([0, 0])
  expect(await quietOf(said(0, 'a'), said(10, 'b'), said(20, 'a'))).toEqual([0, 0, 10])
  const long = 'x'.repeat(200)
  expect(await quietOf(said(0, `${long}a`), said(10, `${long}b`))).toEqual([0, 10])
  expect(await quietOf(said(0, `${long.slice(1)}a`), said(10, `${long.slice(1)}b`))).toEqual([0, 0])
})

test('processor time above a twentieth of one processor is progress', async () => {
  const used = (second: number, cpuMs: number) => ({ second, cpuMs })
  expect(await quietOf(used(0, 1000), used(10, 1500))).toEqual([0, 10])
  expect(await quietOf(used(0, 1000), used(10, 1501))).toEqual([0, 0])
  // Since the look before, not since the first one.
  expect(await quietOf(used(0, 1000), used(10, 5000), used(20, 5400))).toEqual([0, 0, 10])
  expect(await quietOf(used(0, 1000), used(10, 1400), used(20, 1901))).toEqual([0, 10, 0])
})

test('it is looked at every 5 s at most', async () => {
  const { measured, seen } = await quiet([
    { second: 0 },
    { second: 4.9, log: 'new' },
    { second: 5, log: 'new' },
    { second: 9 },
  ])
  expect([measured, seen]).toEqual([2, [0, 4.9, 0, 4]])
})

test('few lines are asked for, and few are kept', async () => {
  const { asked } = await quiet([{ second: 0 }])
  expect(asked).toEqual([['c', { tail: 20, maxBytes: 65_536, timeoutMs: 5000, timestamps: true }]])
  const letters = (from: number) =>
    Array.from({ length: 2500 }, (_, index) =>
      (from + index).toString(2).replaceAll('0', 'a').replaceAll('1', 'b'),
    ).join('\n')
  const looks = [letters(10_000), letters(20_000), 'late', 'late'].map((log, index) => ({ second: 10 * index, log }))
  // Of a program that says ever new things, what comes after 5,000 lines is new each time.
  expect(await quietOf(...looks)).toEqual([0, 0, 0, 0])
})

test('what cannot be measured stays unknown', async () => {
  const { activity } = await quiet([])
  const nowhere = task('app')
  await activity.watch(nowhere, 0)
  expect(activity.quietMs(nowhere, 0)).toBeNull()
  expect(activity.quietMs(task('app', { containerId: 'unseen' }), 0)).toBeNull()
  const { seen, asked } = await quiet([{ second: 0, cpuMs: null }])
  expect([seen, asked]).toEqual([[null], []])
})

test('a container that is gone is as it was last seen; a bug is told', async () => {
  expect(await quietOf({ second: 0 }, { second: 10, error: new InfraError('engine-lost', 'x') })).toEqual([0, 10])
  await expect(quiet([{ second: 0, error: new TypeError('x is not a function') }])).rejects.toThrow('not a function')
})

describe('any sign of work', () => {
  const program = task('app', { containerId: 'c' })
  const stamp = (second: number) => `${new Date(second * 1000).toISOString().replace('Z', '000000Z')} GET /`
  /** The second of the last sign after each of these, 10 s apart. */
  async function lastSigns(looks: readonly Omit<Done, 'second'>[], excused: { from: number; to: number }[] = []) {
    const { activity } = await quiet(looks.map((look, index) => ({ second: 10 * index, ...look })))
    const sign = activity.lastSign(program, excused)
    return sign === null ? null : sign / 1000
  }

  test.each([
    ['nobody looked', [{ cpuMs: null }], null],
    ['the first look', [{}, {}], 0],
    ['a line, new or not', [{ log: stamp(-5) }, { log: stamp(5) }, { log: stamp(5) }], 10],
    ['the processor', [{}, { cpuMs: 501 }, { cpuMs: 900 }], 10],
    ['what is older than two minutes', [{}, ...Array.from({ length: 14 }, () => ({}))], 20],
  ] as const)('%s', async (_, looks, second) => {
    expect(await lastSigns(looks)).toBe(second)
  })

  test('what was excused is none, in lines and in processor time', async () => {
    const looks = [{}, { log: stamp(5), cpuMs: 1400 }]
    expect(await lastSigns(looks, [{ from: 4500, to: 6000 }])).toBe(0)
    expect(await lastSigns(looks, [{ from: 5500, to: 7000 }])).toBe(10)
    expect(await lastSigns([{}, { log: stamp(5), cpuMs: 2100 }], [{ from: 4500, to: 6000 }])).toBe(10)
  })

  test('lines and processor time of health probes are none, unless probes are everywhere', async () => {
    const apart = [
      { from: 3000, to: 3400 },
      { from: 8000, to: 8400 },
    ]
    const looks = [{}, { log: `${stamp(3.2)}\n${stamp(8.8)}`, cpuMs: 1200, probes: apart }]
    expect(await lastSigns(looks)).toBe(0)
    expect(await lastSigns([{}, { log: stamp(5), probes: apart }])).toBe(10)
    expect(await lastSigns([{}, { cpuMs: 1400, probes: apart }])).toBe(10)
    const close = [3000, 4000, 5000].map((from) => ({ from, to: from + 100 }))
    expect(await lastSigns([{}, { log: stamp(3), probes: close }])).toBe(10)
  })
})
