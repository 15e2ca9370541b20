import { expect, test } from 'vitest'
import type { Engine } from '../../../src/engine/client.ts'
import type { Snapshot } from '../../../src/engine/convergence/snapshot.ts'
import { LIFE_MS } from '../../../src/engine/watch/stability.ts'
import { StackWatch } from '../../../src/engine/watch/stack-watch.ts'
import type { Cause } from '../../../src/verdict/causes.ts'
import { type Life, lived, second } from './lives.ts'

/** A watch over services that live so, at a time that the test sets. */
function watching(lives: Readonly<Record<string, readonly Life[]>>, unforgiven: string[] = []) {
  let now = 0
  let away: Error | null = null
  let answers = Promise.resolve()
  const wakers = new Set<() => void>()
  const seen = (): Snapshot =>
    lived(
      now,
      Object.fromEntries(
        Object.entries(lives).map(([name, mine]) => [
          name,
          mine
            .filter(({ from }) => from <= now)
            .map((life) => (life.to !== undefined && life.to > now ? { ...life, to: undefined } : life)),
        ]),
      ) as Record<string, Life[]>,
    )
  const engine = {
    async services() {
      await answers
      if (away) throw away
      return seen().services
    },
    tasks: async () => seen().tasks,
    container: async (id: string) => seen().containers.get(id) ?? null,
    cpuMs: async () => 0,
    containerLogs: async () => '',
    taskLogs: async () => '',
    events: () => ({
      nudge: async () => undefined,
      listener: () => (signal: AbortSignal) => {
        return new Promise<void>((resolve, reject) => {
          wakers.add(resolve)
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      },
      close: () => undefined,
    }),
  } as unknown as Engine
  const clock = {
    now: () => second(now),
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  }
  const watch = new StackWatch(engine, { stack: 's', clock, unforgiven: new Set(unforgiven) })
  const found: Cause[] = []
  watch.onFailure((cause) => found.push(cause))
  const expected = Object.keys(lives).map((service) => ({ service }))
  return {
    watch,
    found,
    /** What the engine says at this second, told by an event; the watch has looked when it resolves. */
    async at(next: number) {
      now = next
      for (const wake of wakers) wake()
      wakers.clear()
      await settled()
    },
    /** From now on the engine answers once this has resolved. */
    answerAfter(promise: Promise<void>) {
      answers = promise
    },
    breakWith(error: Error | null) {
      away = error
    },
    converge: () => watch.converge({ expected, deadlineMs: 60_000 }),
  }
}

/** Everything that does not wait for time or the engine has been done. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

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
  const stop = watch.onFailure(() => late.push(found[0] as Cause))
  stop()
  await settled()
  expect(late).toEqual(found)
  expect([...watch.ended()]).toEqual(['app'])
})

test('nothing is judged that was never up, and nothing after it was closed', async () => {
  const never = watching({ app: HABIT })
  await never.at(62)
  expect([never.found, await never.watch.failure()]).toEqual([[], null])
  const closed = watching({ app: HABIT })
  await closed.at(10)
  await closed.converge()
  closed.watch.close()
  await closed.at(62)
  expect(closed.found).toEqual([])
  expect(closed.watch.lastAt()).toBeNull()
})

test('nothing is judged while a restore goes on; what is a habit counts all the same once it is over', async () => {
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

test('a deployment is over when the app has converged: failed starts are none of its ends', async () => {
  const { watch, at, converge } = watching({ app: [{ from: 0, to: 1 }, { from: 2, to: 3 }, { from: 4 }] })
  await watch.deploying(() => at(5))
  await at(10)
  await converge()
  await at(11)
  expect(watch.exits()).toEqual([])
})

test('one end must be outlived, and the last tier wants a whole life of each', async () => {
  const worker = [{ from: 0, to: 39, told: true }, { from: 40 }]
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
  await at(85)
  expect(await left(LIFE_MS.whole)).toEqual([])
})

test('a service that ended in an earlier attempt has no end to spare', async () => {
  const { found, at, converge } = watching({ app: [{ from: 0, to: 30 }, { from: 31 }] }, ['app'])
  await at(10)
  await converge()
  await at(32)
  expect(found.map(({ code }) => code)).toEqual(['crash-loop'])
})

test('an engine that is away for a moment ends nothing', async () => {
  const { watch, found, at, breakWith, converge } = watching({ app: HABIT })
  await at(10)
  await converge()
  breakWith(new Error('gone'))
  await at(40)
  await expect(watch.look()).rejects.toThrow('gone')
  breakWith(null)
  await at(63)
  expect(found).toHaveLength(1)
})

test('who asks while a look goes on that fails is told so at once, and the next one asks anew', async () => {
  const { watch, at, answerAfter } = watching({ app: [{ from: 0 }] })
  await at(10)
  let fail: (error: Error) => void = () => undefined
  answerAfter(new Promise((_, reject) => (fail = reject)))
  const looks = [watch.look(), watch.look()].map((look) => look.catch((error: Error) => error.message))
  answerAfter(new Promise(() => undefined))
  fail(new Error('30 s without an answer'))
  expect(await Promise.all(looks)).toEqual(['30 s without an answer', '30 s without an answer'])
  answerAfter(Promise.resolve())
  expect((await watch.look()).tasks).toHaveLength(1)
})

test('a life that was whole counts although the engine has forgotten its task', async () => {
  const lives: Record<string, Life[]> = { app: [{ from: 0, to: 1, told: true }, { from: 2 }] }
  const { watch, at, converge } = watching(lives)
  await at(10)
  await converge()
  await at(50)
  // Its second task is gone without an end, and another runs.
  lives.app = [{ from: 52 }]
  await at(53)
  expect(await watch.unproven({ leastMs: LIFE_MS.whole })).toEqual([])
})
