import { describe, expect, test } from 'vitest'
import { MEMORY_LABEL } from '../../../src/engine/convergence/out-of-memory.ts'
import type { StackSnapshot } from '../../../src/engine/convergence/snapshot.ts'
import { exitsOf } from '../../../src/engine/watch/exits.ts'
import type { Intervention } from '../../../src/engine/watch/interventions.ts'
import { exitFindings, judgeExits, LIFE_MS, unprovenServices } from '../../../src/engine/watch/stability.ts'
import { type Life, lived, second, span } from './lives.ts'

const young = (snapshot: StackSnapshot) => unprovenServices(snapshot, LIFE_MS.whole)

/** Deployed at 0 and up at 10, unless said otherwise. */
const DEPLOYED = span('deploy', 0, 10)

function judged(
  now: number,
  app: readonly Life[],
  more: {
    spans?: readonly Intervention[]
    spec?: object
    others?: Record<string, readonly Life[]>
    unforgiven?: string[]
  } = {},
) {
  const snapshot = lived(now, { app, ...more.others }, { app: more.spec ?? {} })
  const exits = exitsOf(snapshot, { since: second(10), spans: [DEPLOYED, ...(more.spans ?? [])] })
  const { failure, unproven } = judgeExits(snapshot, exits, new Set(more.unforgiven))
  return {
    failure: failure && `${failure.code}: ${failure.message}`,
    deterministic: failure?.deterministic,
    unproven: unproven.map(({ service, leftMs }) => `${service} ${leftMs / 1000}`),
    reported: exitFindings(snapshot, exits).map(({ message }) => message),
    why: exits.map(({ why }) => why),
  }
}

const killed = (services: string[], from: number, to: number | null) => span('kill', from, to, services)

describe('one unexpected end', () => {
  test('is told, and must be outlived', () => {
    expect(judged(24, [{ from: 2, to: 20 }, { from: 21 }])).toMatchObject({
      failure: null,
      unproven: ['app 33'],
      reported: ['app ended after it had come up and was replaced: it ended with exit code 9, after 18 s'],
    })
  })

  test('that must be outlived is told so', () => {
    const snapshot = lived(24, { app: [{ from: 2, to: 20 }, { from: 21 }] })
    expect(judgeExits(snapshot, exitsOf(snapshot, { since: second(10), spans: [] })).unproven).toEqual([
      { service: 'app', leftMs: 33_000, message: 'app ended after 18 s and must now run for 36 s' },
    ])
  })

  test.each([
    ['twice its age', [{ from: 0, to: 20 }, { from: 21 }], 61, []],
    ['twice its age, not yet', [{ from: 0, to: 20 }, { from: 21 }], 60, ['app 1']],
    ['10 s at least', [{ from: 10, to: 13 }, { from: 14 }], 23, ['app 1']],
    ['a minute at most', [{ from: 0, to: 300 }, { from: 301 }], 360, ['app 1']],
    ['by a program that runs', [{ from: 0, to: 20 }], 300, ['app 40']],
    ['without a break', [{ from: 0, to: 20 }, { from: 21, to: 30, reported: true }, { from: 31 }], 50, ['app 21']],
  ] as const)('%s', (_, app, now, unproven) => {
    expect(judged(now, app)).toMatchObject({ failure: null, unproven })
  })

  test('before the app was up is none: convergence judges failed starts', () => {
    expect(judged(30, [{ from: 1, to: 4 }, { from: 5 }])).toMatchObject({ why: [], unproven: [] })
  })

  test('of an older spec needs no outliving by the new one', () => {
    const spans = [span('deploy', 25, 30)]
    expect(judged(40, [{ from: 1, to: 20, old: true }, { from: 26 }], { spans })).toMatchObject({
      failure: null,
      unproven: [],
    })
  })

  test('is one too many where the service ended in an earlier attempt', () => {
    expect(judged(24, [{ from: 2, to: 20 }, { from: 21 }], { unforgiven: ['app'] }).failure).toBe(
      'crash-loop: app ended again after it had come up: it ended with exit code 9',
    )
    expect(judged(24, [{ from: 2, to: 20 }, { from: 21 }], { unforgiven: ['db'] }).failure).toBeNull()
  })
})

describe('two unexpected ends', () => {
  test('are a failure, and a habit where they come at the same age', () => {
    expect(
      judged(60, [
        { from: 2, to: 20 },
        { from: 21, to: 57 },
      ]),
    ).toMatchObject({
      failure: 'crash-loop: app ended 2 times after it had come up: it ended with exit code 9',
      deterministic: false,
    })
    expect(
      judged(60, [
        { from: 2, to: 20 },
        { from: 21, to: 40 },
      ]),
    ).toMatchObject({
      failure:
        'crash-loop: app ended 2 times after it had come up: it ended with exit code 9, each time after about 19 s',
      deterministic: true,
    })
  })

  test('three are a repetition, whatever their ages', () => {
    const lives = [
      { from: 2, to: 20 },
      { from: 21, to: 57 },
      { from: 58, to: 160 },
    ]
    expect(judged(161, lives).deterministic).toBe(true)
  })

  test('at the same age with different codes are no habit', () => {
    const lives = [
      { from: 2, to: 20 },
      { from: 21, to: 40, code: 1 },
    ]
    expect(judged(60, lives)).toMatchObject({ deterministic: false, failure: expect.stringMatching(/exit code 1$/) })
  })

  test('of two services are one of each', () => {
    const db = [{ from: 2, to: 22 }, { from: 23 }]
    expect(judged(24, [{ from: 2, to: 20 }, { from: 21 }], { others: { db } }).failure).toBeNull()
  })

  test('are named by what ended the program', () => {
    const oom = judged(60, [
      { from: 2, to: 20, oom: true },
      { from: 21, to: 40, oom: true },
    ])
    expect(oom.failure).toMatch(/^oom-killed: /)
    const bounded = judged(
      60,
      [
        { from: 2, to: 20, oom: true },
        { from: 21, to: 40, oom: true },
      ],
      { spec: { labels: { [MEMORY_LABEL]: 'setting' } } },
    )
    expect(bounded.failure).toMatch(/^run-memory: app ended 2 times .* the setting resources\.memory says it$/)
    const unwell = { error: 'task: non-zero exit (137): dockerexec: unhealthy container' }
    expect(
      judged(60, [
        { from: 2, to: 20, ...unwell },
        { from: 21, to: 40, ...unwell },
      ]).failure,
    ).toMatch(/^healthcheck-failing: .* was killed because its health check failed, each time after about 19 s$/)
    const gone = [
      { from: 2, to: 20, code: 0, failingProbes: 3 },
      { from: 21, to: 40, code: 0, failingProbes: 3 },
    ]
    expect(judged(60, gone, { spec: { hasHealthcheck: true } }).failure).toMatch(/^healthcheck-failing: /)
  })

  test('with 0 are ends too, but for one-shots', () => {
    const lives = [
      { from: 2, to: 20, code: 0 },
      { from: 21, to: 40, code: 0 },
    ]
    expect(judged(60, lives).failure).toMatch(/^crash-loop: .*exit code 0/)
    expect(judged(60, lives, { spec: { restartCondition: 'none' } }).failure).toBeNull()
  })
})

describe('what cc-ci does to the app', () => {
  test('explains the end of what was killed, even at the age of an earlier end', () => {
    const lives = [{ from: 2, to: 20, code: 137 }, { from: 21, to: 40, code: 137 }, { from: 41 }]
    const result = judged(101, lives, { spans: [killed(['app'], 40, 45)] })
    expect(result).toMatchObject({ failure: null, why: ['unexpected', 'own'] })
  })

  test('explains no start that fails while what was killed is waited for: convergence judges it', () => {
    const lives = [{ from: 2, to: 40, code: 137 }, { from: 41, to: 42 }, { from: 43, to: 44 }, { from: 45 }]
    expect(judged(46, lives, { spans: [killed(['app'], 40, null)] })).toMatchObject({ failure: null, why: ['own'] })
  })

  test.each([
    [
      'while it was replaced, as often as it wants',
      [{ from: 2, to: 41 }, { from: 42, to: 44 }, { from: 45 }],
      ['meant'],
    ],
    ['once soon after', [{ from: 2, to: 70 }, { from: 71 }], ['meant']],
    ['once soon after, and again', [{ from: 2, to: 60 }, { from: 61, to: 90 }, { from: 91 }], ['meant', 'unexpected']],
    ['long after', [{ from: 2, to: 107 }, { from: 108 }], ['unexpected']],
    ['before', [{ from: 2, to: 39 }, { from: 40 }], ['unexpected']],
  ] as const)('explains the end of another: %s', (_, app, why) => {
    const result = judged(200, app, {
      spans: [killed(['db'], 40, 45)],
      others: { db: [{ from: 2, to: 40 }, { from: 41 }] },
    })
    expect(result.why.filter((one) => one !== 'own')).toEqual(why)
  })

  test('explains ends within a restore, but no habit', () => {
    const spans = [span('restore', 50, 70)]
    expect(judged(80, [{ from: 2, to: 55 }, { from: 56 }], { spans })).toMatchObject({ why: ['meant'], unproven: [] })
    const habit = [{ from: 1, to: 36 }, { from: 37, to: 72 }, { from: 73 }]
    expect(judged(80, habit, { spans }).failure).toBe(
      'crash-loop: app ended 2 times after it had come up: it ended with exit code 9, each time after about 35 s',
    )
    const other = [{ from: 1, to: 36 }, { from: 37, to: 52 }, { from: 53 }]
    expect(judged(80, other, { spans }).failure).toBeNull()
  })

  test('explains two ends of one age, where it was going on at each', () => {
    const spans = [span('restore', 30, 40), span('restore', 70, 80)]
    const lives = [{ from: 1, to: 36 }, { from: 37, to: 72 }, { from: 73 }]
    expect(judged(81, lives, { spans })).toMatchObject({ why: ['meant', 'meant'], failure: null, reported: [] })
  })

  test('explains the end of a program in which a hook runs, and of no other', () => {
    const spans = [span('backup', 30, 40, ['db'])]
    expect(judged(41, [{ from: 2, to: 35 }, { from: 36 }], { spans }).why).toEqual(['unexpected'])
    const others = { db: [{ from: 2, to: 35 }, { from: 36 }] }
    expect(judged(41, [{ from: 2 }], { spans, others }).why).toEqual(['meant'])
  })

  test('ends a little late in the record are still explained', () => {
    expect(judged(80, [{ from: 2, to: 52 }, { from: 53 }], { spans: [span('restore', 40, 51)] }).why).toEqual(['meant'])
    expect(judged(80, [{ from: 2, to: 54 }, { from: 55 }], { spans: [span('restore', 40, 51)] }).why).toEqual([
      'unexpected',
    ])
  })
})

test('a habit of the release before counts against the next', () => {
  const lives = [{ from: 1, to: 36, old: true }, { from: 41, to: 76 }, { from: 77 }]
  expect(judged(80, lives, { spans: [span('deploy', 40, 42)] }).failure).toMatch(/each time after about 35 s$/)
})

test('what only the release before did is none of the next', () => {
  const lives = [{ from: 1, to: 21, old: true }, { from: 22, to: 42, old: true }, { from: 51 }]
  const result = judged(80, lives, { spans: [span('deploy', 50, 55)] })
  expect(result).toMatchObject({ why: ['unexpected', 'unexpected'], failure: null, unproven: [], reported: [] })
})

test.each([
  ['45 s at a stretch', { app: [{ from: 10 }] }, 55, []],
  ['not yet', { app: [{ from: 10 }] }, 50, ['app 5']],
  ['before it was killed', { app: [{ from: 10, to: 55 }, { from: 56 }] }, 58, []],
  ['of a program that runs', { app: [{ from: 10, to: 40 }] }, 60, ['app 45']],
  ['two halves', { app: [{ from: 10, to: 40 }, { from: 41 }] }, 60, ['app 26']],
  ['of the older spec', { app: [{ from: 0, to: 50, old: true }, { from: 51 }] }, 60, ['app 36']],
  ['each service', { app: [{ from: 0 }], worker: [{ from: 30 }] }, 60, ['worker 15']],
] as const)('each service must have lived for a while: %s', (_, lives, now, left) => {
  const snapshot = lived(now, lives)
  expect(young(snapshot).map(({ service, leftMs }) => `${service} ${leftMs / 1000}`)).toEqual(left)
})

test('what is done, or runs nothing, needs no life', () => {
  const once = [{ from: 1, to: 3, code: 0 }]
  expect(young(lived(20, { seed: once }, { seed: { restartCondition: 'none' } }))).toEqual([])
  expect(young(lived(20, { app: [] }, { app: { replicas: 0 } }))).toEqual([])
  expect(young(lived(20, { job: once }, { job: { mode: 'replicated-job' } }))).toEqual([])
  expect(young(lived(20, { job: [{ from: 10 }] }, { job: { mode: 'replicated-job' } }))).toEqual([])
  expect(young(lived(20, { app: once }))).toHaveLength(1)
})

test('a one-shot that is at work, or has not begun, is not done', () => {
  const spec = { seed: { restartCondition: 'none' } } as const
  expect(young(lived(20, { seed: [{ from: 10 }] }, spec)).map(({ leftMs }) => leftMs)).toEqual([35_000])
  expect(young(lived(20, { seed: [] }, spec)).map(({ leftMs }) => leftMs)).toEqual([45_000])
})

test('what it must have run for is told', () => {
  expect(unprovenServices(lived(14, { app: [{ from: 10 }] }), LIFE_MS.first)).toEqual([
    { service: 'app', leftMs: 6000, message: 'app must have run for 10 s without a break' },
  ])
  expect(unprovenServices(lived(20, { app: [{ from: 10 }] }), LIFE_MS.first)).toEqual([])
})
