import { describe, expect, test } from 'vitest'
import { type RunContext, TierStop } from '../../../src/lifecycle/context.ts'
import type { DiskFull } from '../../../src/lifecycle/disk/judge.ts'
import { underWatch } from '../../../src/lifecycle/judging/under-watch.ts'
import { type Cause, cause } from '../../../src/verdict/causes.ts'
import { checkAfter } from '../../../src/verdict/checks.ts'

const ROOT = cause('crash-loop', 'app ended 2 times', { service: 'app', lines: ['log: no such table'] })
const SYMPTOM = cause('http-not-serving', 'the proxy has nobody to ask')

/** A tier's life under a watch that says what the test wants it to. */
function under(
  act: (context: RunContext, fail: (why: Cause) => void, fill: (full: DiskFull) => void) => Promise<unknown>,
  known: Cause | null = null,
) {
  const disk = { full: null as DiskFull | null, listeners: new Set<(full: DiskFull) => void>() }
  const listeners = new Set<(why: Cause) => void>()
  const outer = new AbortController()
  let failed: Cause | null = null
  const context = {
    signal: outer.signal,
    masker: { mask: (text: string) => text.replace('hunter2', '***') },
    watch: {
      onFailure(listener: (why: Cause) => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
      get failed() {
        return known !== null || failed !== null
      },
      failure: async () => known ?? failed,
    },
    disk: {
      get full() {
        return disk.full
      },
      onFull(listener: (full: DiskFull) => void) {
        disk.listeners.add(listener)
        return () => disk.listeners.delete(listener)
      },
      found: async () => disk.full,
    },
  } as unknown as RunContext
  const fail = (why: Cause) => {
    failed = why
    for (const listener of listeners) listener(why)
  }
  const fill = (full: DiskFull) => {
    disk.full = full
    for (const listener of disk.listeners) listener(full)
  }
  const ended = underWatch(
    context,
    () => 'waited for app.ci.test to answer: hunter2',
    (watched) => act(watched, fail, fill),
  )
  return { ended, outer, listeners }
}

const never = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

async function stopOf(ended: Promise<unknown>): Promise<TierStop> {
  const error = await ended.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof TierStop)) throw error
  return error
}

test('what goes well gives its value, and nobody listens any more', async () => {
  const { ended, listeners } = under(async () => 7)
  expect(await ended).toBe(7)
  expect(listeners.size).toBe(0)
})

test('a wait ends when the app failed, with the root and what was waited for, masked', async () => {
  const { ended } = under(async ({ signal }, fail) => {
    queueMicrotask(() => fail(ROOT))
    return never(signal)
  })
  const { why, outcome } = await stopOf(ended)
  expect(outcome).toBe('fail')
  expect(why).toMatchObject({ code: 'crash-loop', service: 'app' })
  expect(why.lines).toEqual(['log: no such table', 'meanwhile: waited for app.ci.test to answer: ***'])
})

test('what fails in the last moment, when nothing waits any more, stops the tier too', async () => {
  const { ended } = under(async (_, fail) => fail(ROOT))
  expect((await stopOf(ended)).why).toMatchObject({ code: 'crash-loop', lines: ['log: no such table'] })
})

test('a check that failed for want of a program that ended names the program; the check is the last line', async () => {
  const { ended } = under(async () => {
    throw new TierStop('task-answers', SYMPTOM)
  }, ROOT)
  const { why } = await stopOf(ended)
  expect(why.code).toBe('crash-loop')
  expect(why.lines.at(-1)).toBe('meanwhile: http-not-serving: the proxy has nobody to ask')
})

test('a check that failed beside programs that are well is the cause itself', async () => {
  const stop = new TierStop('task-answers', SYMPTOM)
  const { ended } = under(async () => {
    throw stop
  })
  expect(await stopOf(ended)).toBe(stop)
})

test('what is said of a service itself, or could not be judged, is no symptom', async () => {
  for (const stop of [
    new TierStop('converged', cause('not-converged', 'x', { service: 'db' })),
    new TierStop('task-answers', SYMPTOM, 'unverified'),
  ]) {
    const { ended } = under(async () => {
      throw stop
    }, ROOT)
    expect(await stopOf(ended)).toBe(stop)
  }
})

test('the root in other words stays in those words', async () => {
  const { ended } = under(async ({ signal }, fail) => {
    queueMicrotask(() => fail(ROOT))
    try {
      return await never(signal)
    } catch (error) {
      const known = error as TierStop
      throw new TierStop(
        checkAfter('stayed-up', { kind: 'kill', service: 'db' }),
        { ...known.why, message: 'after db was killed' },
        'fail',
        { cause: known },
      )
    }
  })
  expect((await stopOf(ended)).why.message).toBe('after db was killed')
})

test('whatever a wait makes of its end, the root is thrown', async () => {
  const { ended } = under(async ({ signal }, fail) => {
    queueMicrotask(() => fail(ROOT))
    await never(signal).catch(() => undefined)
    throw new Error('the sandbox was closed')
  })
  expect((await stopOf(ended)).why.code).toBe('crash-loop')
})

test('a stop of the run is no failure of the app', async () => {
  const { ended, outer } = under(({ signal }) => never(signal))
  const stopped = new Error('stopped by SIGINT')
  outer.abort(stopped)
  await expect(ended).rejects.toBe(stopped)
})

test('errors that are no judgement are passed on', async () => {
  const error = new Error('a bug')
  await expect(
    under(async () => {
      throw error
    }, ROOT).ended,
  ).rejects.toBe(error)
})

test('data that a rollback did not bring back is the root, also where the program ends for want of it', async () => {
  const stop = new TierStop('data-kept', cause('rollback-data-lost', 'the planted row is missing'))
  const { ended } = under(async (_, fail) => {
    fail(ROOT)
    throw stop
  }, ROOT)
  expect(await stopOf(ended)).toBe(stop)
})

describe('a disk that is full', () => {
  const FULL: DiskFull = { outcome: 'unverified', why: cause('disk-full', 'no room') }

  test('ends a wait, and comes before whatever else is seen then', async () => {
    const waiting = under(async ({ signal }, _, fill) => {
      queueMicrotask(() => fill(FULL))
      return never(signal)
    })
    expect(await stopOf(waiting.ended)).toMatchObject({ outcome: 'unverified', why: FULL.why })
    const crashed = under(async (_, fail, fill) => {
      fail(ROOT)
      fill(FULL)
      throw new TierStop('task-answers', SYMPTOM)
    }, ROOT)
    expect(await stopOf(crashed.ended)).toMatchObject({ outcome: 'unverified', why: FULL.why })
  })

  test('lets nothing pass that ended meanwhile', async () => {
    const { ended } = under(async (_, __, fill) => fill(FULL))
    expect((await stopOf(ended)).why).toBe(FULL.why)
  })
})
