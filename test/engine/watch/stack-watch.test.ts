import { expect, test } from 'vitest'
import { LIFE_MS } from '../../../src/engine/watch/stability.ts'
import type { Cause } from '../../../src/verdict/causes.ts'
import type { Life } from './lives.ts'
import { settled, watching } from './watching.ts'

const HABIT = [{ from: 0, to: 30 }, { from: 31, to: 61 }, { from: 62 }]

test('what ends again after the app was up is told once, to whoever listens', async () => {
  const { watch, found, at, converge } = watching({ app: HABIT })
  await at(10)
  expect(await converge()).toMatchObject({ state: 'ready' })
  await at(31)
  expect(found).toEqual([])
  expect(watch.failed).toBe(false)
  await at(62)
  await at(63)
  expect(found.map(({ code, service }) => [code, service])).toEqual([['crash-loop', 'app']])
  expect(watch.failed).toBe(true)
  const late: Cause[] = []
  watch.onFailure((cause) => late.push(cause))
  const unheard: Cause[] = []
  const stop = watch.onFailure((cause) => unheard.push(cause))
  stop()
  await settled()
  expect([late, unheard]).toEqual([found, []])
  expect([...watch.ended()]).toEqual(['app'])
})

test('nothing is judged that was never up, and nothing after it was closed', async () => {
  const never = watching({
    app: [
      { from: 0, to: 1 },
      { from: 2, to: 3 },
      { from: 4, to: 5 },
    ],
  })
  await never.at(6)
  expect([never.found, await never.watch.failure()]).toEqual([[], null])
  const closed = watching({ app: HABIT })
  await closed.at(10)
  await closed.converge()
  closed.watch.close()
  await closed.at(62)
  expect(closed.found).toEqual([])
  expect(closed.watch.lastAt()).toBeNull()
})

test('nothing is judged while a restore continues; what is a habit counts all the same once it is over', async () => {
  const { watch, found, at, converge } = watching({ app: HABIT })
  await at(10)
  await converge()
  await at(55)
  let end: () => void = () => undefined
  const restored = watch.during({ kind: 'restore', services: 'all' }, () => new Promise<void>((done) => (end = done)))
  await at(63)
  expect(found).toEqual([])
  end()
  await restored
  await at(64)
  expect(found[0]?.message).toContain('each time after about 30 s')
})

test('a one-shot that is started by hand is judged by whoever asked, and nothing else is let off meanwhile', async () => {
  const lives = { app: HABIT, seed: [{ from: 0, to: 30, code: 3 }, { from: 31, to: 61, code: 3 }, { from: 62 }] }
  const asked = watching(lives)
  await asked.at(10)
  await asked.converge()
  await asked.watch.during({ kind: 'run-once', services: ['seed'] }, () => asked.at(62))
  await asked.at(63)
  expect(asked.found.map(({ service }) => service)).toEqual(['app'])
  const other = watching({ seed: lives.seed })
  await other.at(10)
  await other.converge()
  await other.watch.during({ kind: 'run-once', services: ['other'] }, () => other.at(62))
  await other.at(63)
  expect(other.found.map(({ service }) => service)).toEqual(['seed'])
})

test('a look that began before a restore was over says nothing', async () => {
  const { watch, found, at, converge, answerAfter } = watching({ app: HABIT })
  await at(10)
  await converge()
  await at(40)
  const end = watch.begin({ kind: 'restore', services: 'all' })
  let answer: () => void = () => undefined
  answerAfter(new Promise((resolve) => (answer = resolve)))
  await at(63)
  await at(64)
  end()
  answer()
  await settled()
  expect(found).toEqual([])
  await at(65)
  expect(found).toHaveLength(1)
})

test('a kill explains the end of what was killed, and no other act does', async () => {
  const lives = { app: [{ from: 0, to: 30, code: 137 }, { from: 31, to: 70, code: 137 }, { from: 71 }] }
  const killed = watching(lives)
  await killed.at(10)
  await killed.converge()
  for (const [from, to] of [
    [30, 32],
    [70, 72],
  ] as const) {
    await killed.at(from)
    await killed.watch.during({ kind: 'kill', services: ['app'] }, () => killed.at(to))
  }
  await killed.at(75)
  expect([killed.found, killed.watch.news()]).toEqual([[], []])
  const other = watching(lives)
  await other.at(10)
  await other.converge()
  await other.watch.during({ kind: 'backup', services: ['db'] }, () => other.at(31))
  expect(other.watch.news().map(({ service }) => service)).toEqual(['app'])
  expect(other.watch.news()).toEqual([])
  await other.at(72)
  expect(other.found).toHaveLength(1)
})

test('what was killed again and again is in no loop: its ends are marked for whoever waits for it', async () => {
  const ages = [
    { from: 0, to: 20 },
    { from: 21, to: 40 },
    { from: 41, to: 60 },
  ].map((life) => ({ ...life, code: 137 }))
  const { watch, found, at, converge } = watching({
    app: [...ages, { from: 61 }],
    db: [{ from: 0, to: 30 }, { from: 31 }],
  })
  await at(10)
  await converge()
  for (const { to } of ages) {
    await at(to - 1)
    await watch.during({ kind: 'kill', services: ['app'] }, () => at(to + 1))
  }
  await at(63)
  expect(found).toEqual([])
  const marks = (await watch.look()).tasks.map(({ id, meant }) => [id, meant])
  expect(Object.fromEntries(marks)).toEqual({
    app0: true,
    app1: true,
    app2: true,
    app3: undefined,
    db0: undefined,
    db1: undefined,
  })
  expect(marks).toHaveLength(6)
})

test('a deployment is over when the app has converged: failed starts are none of its ends', async () => {
  const { watch, at, converge } = watching({ app: [{ from: 0, to: 1 }, { from: 2, to: 3 }, { from: 4 }] })
  await watch.deploying(() => at(5))
  await at(10)
  await converge()
  await at(11)
  expect(watch.exits()).toEqual([])
})

test('what ends while the app is deployed again is meant, until it has converged', async () => {
  const { watch, found, at, converge } = watching({ app: [{ from: 0, to: 50 }, { from: 51, to: 80 }, { from: 81 }] })
  await at(10)
  await converge()
  await at(40)
  const deployed = await watch.deploying(async () => {
    await at(51)
    return 'deployed'
  })
  expect(deployed).toBe('deployed')
  await at(55)
  expect(await converge()).toMatchObject({ state: 'ready' })
  await at(81)
  expect(watch.exits().map(({ why }) => why)).toEqual(['meant', 'unexpected'])
  expect(found).toEqual([])
})

test('nothing is judged while it is deployed again', async () => {
  const { watch, found, at, converge } = watching({ app: HABIT })
  await at(10)
  await converge()
  await at(55)
  await watch.deploying(() => at(63))
  await at(64)
  expect(found).toEqual([])
  expect(await converge()).toMatchObject({ state: 'ready' })
  await at(65)
  expect(found[0]?.message).toContain('each time after about 30 s')
})

test('what something explains has not ended by itself', async () => {
  const { watch, at, converge } = watching({ app: HABIT })
  await at(10)
  await converge()
  await watch.during({ kind: 'restore', services: 'all' }, () => at(31))
  expect(watch.exits()).toHaveLength(1)
  expect([...watch.ended()]).toEqual([])
})

test('while the app is waited for, the wait alone judges it', async () => {
  const lives: Record<string, readonly Life[]> = { app: HABIT }
  const { found, at, converge } = watching(lives)
  await at(10)
  await converge()
  await at(40)
  const again = converge('late')
  await at(63)
  await at(64)
  expect(found).toEqual([])
  lives.late = [{ from: 62 }]
  await at(65)
  expect(await again).toMatchObject({ state: 'ready' })
  await at(66)
  expect(found.map(({ service }) => service)).toEqual(['app'])
})

test('an app that did not converge was never up', async () => {
  const { watch, found, at, converge } = watching({
    app: [
      { from: 0, to: 1 },
      { from: 2, to: 3 },
      { from: 4, to: 5 },
    ],
  })
  await at(6)
  expect(await converge()).toMatchObject({ state: 'impossible', cause: { code: 'crash-loop' } })
  await at(7)
  expect([found, await watch.failure()]).toEqual([[], null])
})

test('one end must be outlived, and the last tier wants a whole life of each', async () => {
  const worker = [{ from: 0, to: 39, reported: true }, { from: 40 }]
  const { watch, at, converge } = watching({ app: [{ from: 0, to: 20 }, { from: 21 }], worker })
  await at(10)
  await converge()
  await at(41)
  const left = async (leastMs: number) =>
    (await watch.unproven({ leastMs })).map(({ service, leftMs }) => [service, leftMs / 1000])
  expect(await left(0)).toEqual([['app', 20]])
  expect(await left(LIFE_MS.whole)).toEqual([
    ['app', 20],
    ['app', 25],
    ['worker', 44],
  ])
  await at(84)
  expect(await left(LIFE_MS.whole)).toEqual([['worker', 1]])
  await at(85)
  expect(await left(LIFE_MS.whole)).toEqual([])
})

test('a service that ended in an earlier attempt has no end to spare', async () => {
  const { found, at, converge } = watching({ app: [{ from: 0, to: 30 }, { from: 31 }] }, { unforgiven: ['app'] })
  await at(10)
  await converge()
  await at(32)
  expect(found.map(({ code }) => code)).toEqual(['crash-loop'])
})

test('a life that was whole counts although the engine has forgotten its task', async () => {
  const lives: Record<string, Life[]> = { app: [{ from: 0, to: 1, reported: true }, { from: 2 }] }
  const { watch, at, converge } = watching(lives)
  await at(10)
  await converge()
  // 45 s, and not one more.
  await at(47)
  // Its second task is gone without an end, and another runs.
  lives.app = [{ from: 52 }]
  await at(53)
  expect(await watch.unproven({ leastMs: LIFE_MS.whole })).toEqual([])
})

test('of one service its ends tell more than what convergence would say; of two the root is told', async () => {
  const habit = watching({ app: [{ from: 0, to: 30 }, { from: 31, to: 61 }, { from: 62, to: 92 }, { from: 93 }] })
  await habit.at(10)
  await habit.converge()
  await habit.at(95)
  expect(habit.found.map(({ message }) => message)).toEqual([
    'app ended 3 times after it had come up: it ended with exit code 9, each time after about 30 s',
  ])
  const db = [{ from: 0, to: 60, oom: true }, { from: 61 }]
  const both = watching({ app: HABIT, db })
  await both.at(10)
  await both.converge()
  await both.at(63)
  expect(both.found.map(({ code, service }) => [code, service])).toEqual([['oom-killed', 'db']])
  const alone = watching({ db })
  await alone.at(10)
  await alone.converge()
  await alone.at(62)
  expect(alone.found.map(({ code, service }) => [code, service])).toEqual([['oom-killed', 'db']])
})

test('who asks whether it failed has it looked at now', async () => {
  const { watch, at, passTo, converge } = watching({ app: HABIT })
  await at(10)
  await converge()
  passTo(63)
  expect(await watch.failure()).toMatchObject({ code: 'crash-loop', service: 'app' })
})

test('secrets are masked in what it finds, and in what a wait for convergence does', async () => {
  const mask = (text: string) => text.replaceAll('app', '***')
  const late = watching({ app: HABIT }, { mask })
  await late.at(10)
  await late.converge()
  await late.at(63)
  expect(late.found[0]?.message).toMatch(/^\*\*\* ended 2 times/)
  const early = watching(
    {
      app: [
        { from: 0, to: 1 },
        { from: 2, to: 3 },
        { from: 4, to: 5 },
      ],
    },
    { mask },
  )
  await early.at(6)
  expect(await early.converge()).toMatchObject({ cause: { message: '*** ended 3 times: it ended with exit code 9' } })
})
