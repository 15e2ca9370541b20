import { expect, test } from 'vitest'
import type { ObservedTask, StackSnapshot } from '../../../src/engine/convergence/snapshot.ts'
import type { ContainerState } from '../../../src/engine/types.ts'
import { type Exit, exitsOf, isSameAge } from '../../../src/engine/watch/exits.ts'
import type { Intervention } from '../../../src/engine/watch/interventions.ts'
import { at } from '../stack-look.ts'
import { type Life, lived, second, span } from './lives.ts'

/** "app at 20: unexpected" for each end since second 10. */
function ends(seen: StackSnapshot, spans: readonly Intervention[] = []): string[] {
  return exitsOf(seen, { since: second(10), spans }).map(
    ({ service, at: when, why }) => `${service} at ${(when - second(0)) / 1000}: ${why}`,
  )
}

test.each<[string, readonly Life[], readonly Intervention[], readonly string[]]>([
  ['before the app was up', [{ from: 1, to: 9 }, { from: 10 }], [], []],
  ['in the moment in which it was up', [{ from: 1, to: 10 }, { from: 11 }], [], ['app at 10: unexpected']],
  [
    'of a start within a deployment',
    [
      { from: 20, to: 22 },
      { from: 23, to: 30 },
    ],
    [span('deploy', 20, 30)],
    [],
  ],
  ['after it', [{ from: 20, to: 33 }], [span('deploy', 20, 30)], ['app at 33: unexpected']],
  ['of what was there before it', [{ from: 19, to: 30 }], [span('deploy', 20, 30)], ['app at 30: meant']],
  ['of a start within a restore', [{ from: 21, to: 30 }], [span('restore', 20, 30)], ['app at 30: meant']],
])('an end %s', (_, app, spans, found) => {
  expect(ends(lived(60, { app }), spans)).toEqual(found)
})

test('the ends of a service that is to run nothing are none', () => {
  const lives = { app: [{ from: 1, to: 20 }], db: [{ from: 1, to: 20 }] }
  expect(ends(lived(60, lives, { app: { replicas: 0 } }))).toEqual(['db at 20: unexpected'])
})

test('the oldest end comes first, of whatever service', () => {
  const app = [{ from: 1, to: 40 }, { from: 41 }]
  const db = [{ from: 1, to: 20 }, { from: 21, to: 50 }, { from: 51 }]
  expect(ends(lived(60, { app, db }))).toEqual([
    'db at 20: unexpected',
    'app at 40: unexpected',
    'db at 50: unexpected',
  ])
})

test('each kill explains one late end of each other service', () => {
  const app = [{ from: 1, to: 60 }, { from: 61, to: 90 }, { from: 91 }]
  const worker = [{ from: 1, to: 62 }, { from: 63 }]
  const seen = lived(200, { app, worker, db: [{ from: 1 }] })
  const [first, second] = [span('kill', 40, 45, ['db']), span('kill', 70, 72, ['db'])]
  expect(ends(seen, [first])).toEqual(['app at 60: meant', 'worker at 62: meant', 'app at 90: unexpected'])
  expect(ends(seen, [second])).toEqual(['app at 60: unexpected', 'worker at 62: unexpected', 'app at 90: meant'])
})

/** The age of the only end, in seconds, where the engine tells this of its task and container; without a container none is to be had. */
function age(task: Partial<ObservedTask>, container?: Partial<ContainerState>): number | undefined {
  const seen = lived(60, { app: [{ from: 10, to: 40 }] })
  const containers = [...seen.containers].map(([id, one]) => [id, { ...one, ...container }] as const)
  const tasks = seen.tasks.map((one) => ({ ...one, ...task }))
  const [only] = exitsOf(
    { ...seen, tasks, containers: new Map(container ? containers : []) },
    { since: second(10), spans: [] },
  )
  return only && only.ageMs / 1000
}

test('an age is that of the program, not of its task: images are pulled, and ends told late', () => {
  expect(age({}, { startedAt: at(25), finishedAt: at(38) })).toBe(13)
  expect(age({}, { startedAt: null, finishedAt: at(38) })).toBe(28)
  expect(age({}, { startedAt: at(25), finishedAt: null })).toBe(15)
  expect(age({}, { startedAt: at(50), finishedAt: null })).toBe(0)
})

test('where there is no container any more its task tells the age', () => {
  expect(age({})).toBe(30)
  expect(age({ containerId: null }, { startedAt: at(25) })).toBe(30)
})

const exit = (ageSeconds: number, sign = 'failed 9 '): Exit => {
  const [task] = lived(1, { app: [{ from: 0 }] }).tasks as [ObservedTask]
  return { service: 'app', task, at: 0, ageMs: ageSeconds * 1000, sign, current: true, why: 'unexpected' }
}

test.each([
  [1, 3, true],
  [10, 12, true],
  [10, 12.1, false],
  [100, 117, true],
  [100, 118, false],
  [200, 171, true],
])('programs that ended after %s s and %s s ended at the same age: %s', (one, other, same) => {
  expect(isSameAge(exit(one), exit(other))).toBe(same)
  expect(isSameAge(exit(other), exit(one))).toBe(same)
  expect(isSameAge(exit(one), exit(other, 'failed 1 '))).toBe(false)
})
