import { expect, test } from 'vitest'
import type { RunContext } from '../../../src/lifecycle/context.ts'
import { advanceDoubtWindow, doubtOf } from '../../../src/lifecycle/judging/doubt.ts'

type Doubted = Parameters<typeof doubtOf>[1]

const BEGUN = 1_000_000

/** A tier of a run in which nothing is to be doubted but what the test says. */
function context(
  more: {
    readonly starved?: ReturnType<RunContext['watch']['starved']>
    readonly failed?: object
    readonly node?: object
  } = {},
): Doubted {
  return {
    host: { engine: { node: more.node ?? null } },
    plan: { policy: [], custom: { admitted: { refused: [] } } },
    watch: { starved: (since: number) => (since === BEGUN ? (more.starved ?? null) : null) },
    resources: { deps: { failures: new Map(more.failed ? [['keycloak', more.failed]] : []) } },
  } as unknown as Doubted
}

const STARVED = {
  service: 'db',
  why: { code: 'run-memory', message: 'db was killed at 64 MiB', hint: 'More.' },
} as const
const nobody = () => []
const java = () => [{ at: BEGUN + 1, program: 'java' }]

test('nothing is doubted where nothing was killed', () => {
  expect(doubtOf('backup', context(), BEGUN, undefined, nobody)).toBeNull()
})

test('after a kill at a limit that is not the recipe’s its fault is not proven', () => {
  expect(doubtOf('backup', context({ starved: STARVED }), BEGUN, undefined, nobody)).toMatchObject({
    ...{ code: 'run-memory', blame: 'infra', service: 'db', hint: 'More.' },
    message: 'backup found a fault after db was killed at 64 MiB',
  })
})

test('nor after the machine itself ran out of memory, since the tier began', () => {
  const asked: number[] = []
  const doubt = doubtOf('install', context(), BEGUN, undefined, (since) => {
    asked.push(since)
    return java()
  })
  expect(doubt).toMatchObject({ code: 'run-memory', blame: 'infra' })
  expect(doubt?.message).toContain('the machine itself had run out of memory: the kernel killed java')
  expect(asked).toEqual([BEGUN])
})

test('what the kernel of this machine killed says nothing of an app on another node', () => {
  expect(doubtOf('install', context({ node: { hostname: 'n2' } }), BEGUN, undefined, java)).toBeNull()
})

test('what reads the recipe alone has a fault whatever the kernel kills', () => {
  expect(doubtOf('lint', context({ starved: STARVED }), BEGUN, undefined, java)).toBeNull()
})

test('a dependency that is missing is the last thing to doubt for', () => {
  const failed = { message: 'keycloak did not start' }
  expect(doubtOf('install', context({ failed }), BEGUN, undefined, nobody)?.code).toBe('dep-failed')
  expect(doubtOf('install', context({ failed, starved: STARVED }), BEGUN, undefined, nobody)?.code).toBe('run-memory')
})

test('what a tier was denied makes doubtful what the watch tells in those after it, and nothing before it does', () => {
  const watch = { failed: false }
  const state = { headServes: true } as RunContext['state']
  const since = (begun: number) => advanceDoubtWindow({ watch, state } as Pick<RunContext, 'watch' | 'state'>, begun)
  expect([since(1), since(2)]).toEqual([1, 2])
  watch.failed = true
  expect([since(3), since(4)]).toEqual([2, 2])
})

test('a failure in the first tier of all is doubtful since that one began', () => {
  const watch = { failed: true }
  const state = { headServes: false } as RunContext['state']
  expect(advanceDoubtWindow({ watch, state } as Pick<RunContext, 'watch' | 'state'>, 7)).toBe(7)
})

const BUSY = { load: [50.2, 40, 30], processors: 2, memoryBytes: { available: 1, total: 2 }, diskFreeBytes: null }
const FREE = { ...BUSY, load: [1.5, 40, 30] }
const ran = (error: string, machine: object = BUSY) =>
  ({ title: 'logs in', file: 'a.spec.ts', status: 'failed', durationMs: 60_000, error, machine }) as never
const TIMED_OUT = [
  'Test timeout of 60000ms exceeded.',
  'page.goto: Timeout 30000ms exceeded.',
  'Error: Timed out 5000ms waiting for expect(locator).toBeVisible()',
  'Error: expect(locator).toBeVisible() failed\n\nTimeout: 5000ms',
]

test.each(TIMED_OUT)('a test that ran out of time on a machine that has none says nothing of the app: %s', (error) => {
  const checks = [{ id: 'custom-tests', outcome: 'fail', cause: { code: 'test-failed' } } as never]
  const doubt = doubtOf('functional', context(), BEGUN, { checks, tests: [ran(error)] }, nobody)
  expect(doubt).toMatchObject({ code: 'deadline', blame: 'infra' })
  expect(doubt?.message).toContain('a load of 50 on 2 processors')
})

test('nor one that waited for processors for half of its limit', () => {
  const tests = [ran('Timeout 10000ms exceeded', { ...BUSY, waitedMs: 5_000 })]
  const doubt = doubtOf('functional', context(), BEGUN, { checks: [], tests }, nobody)
  expect(doubt?.code).toBe('deadline')
  expect(doubt?.lines).toEqual([expect.stringContaining('app and test waited 5.0 s for processors')])
})

test.each([
  ['on a machine with time', [ran('Test timeout of 60000ms exceeded.', FREE)], []],
  ['whose wait gave the app 15 s of a processor all the same', [ran('- Timeout 376600ms exceeded', BUSY)], []],
  [
    'that waited, and its app with it, for processors for less than half of its limit',
    [ran('Timeout 10000ms exceeded', { ...BUSY, waitedMs: 4_900 })],
    [],
  ],
  ['that compared', [ran('expect(received).toBe(expected): 5 is not 6')], []],
  ['beside one that compared', [ran('Test timeout of 60000ms exceeded.'), ran('5 is not 6')], []],
  [
    'beside a check that found a fault',
    [ran('Test timeout of 60000ms exceeded.')],
    [{ outcome: 'fail', cause: { code: 'data-lost' } } as never],
  ],
  [
    'of a version that did not say what the machine had',
    [{ ...(ran('Test timeout of 60000ms exceeded.') as object), machine: undefined } as never],
    [],
  ],
])('not so one %s', (_, tests, checks) => {
  expect(doubtOf('functional', context(), BEGUN, { checks, tests }, nobody)).toBeNull()
})
