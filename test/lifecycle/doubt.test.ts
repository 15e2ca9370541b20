import { expect, test } from 'vitest'
import type { RunContext } from '../../src/lifecycle/context.ts'
import { doubtOf } from '../../src/lifecycle/doubt.ts'

type Doubted = Parameters<typeof doubtOf>[1]

const BEGUN = 1_000_000

/** A tier of a run in which nothing is to be doubted but what the test says. */
function context(
  more: { readonly starved?: ReturnType<RunContext['watch']['starved']>; readonly failed?: object } = {},
): Doubted {
  return {
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
  expect(doubtOf('backup', context(), BEGUN, nobody)).toBeNull()
})

test('after a kill at a limit that is not the recipe’s its fault is not proven', () => {
  expect(doubtOf('backup', context({ starved: STARVED }), BEGUN, nobody)).toMatchObject({
    ...{ code: 'run-memory', blame: 'infra', service: 'db', hint: 'More.' },
    message: 'backup found a fault after db was killed at 64 MiB',
  })
})

test('nor after the machine itself ran out of memory, since the tier began', () => {
  const asked: number[] = []
  const doubt = doubtOf('install', context(), BEGUN, (since) => {
    asked.push(since)
    return java()
  })
  expect(doubt).toMatchObject({ code: 'run-memory', blame: 'infra' })
  expect(doubt?.message).toContain('the machine itself had run out of memory: the kernel killed java')
  expect(asked).toEqual([BEGUN])
})

test('what reads the recipe alone has a fault whatever the kernel kills', () => {
  expect(doubtOf('lint', context({ starved: STARVED }), BEGUN, java)).toBeNull()
})

test('a dependency that is missing is the last thing to doubt for', () => {
  const failed = { message: 'keycloak did not start' }
  expect(doubtOf('install', context({ failed }), BEGUN, nobody)?.code).toBe('dep-failed')
  expect(doubtOf('install', context({ failed, starved: STARVED }), BEGUN, nobody)?.code).toBe('run-memory')
})
