import { describe, expect, test } from 'vitest'
import {
  explains,
  type InterventionKind,
  isNamed,
  mayFollow,
  suspendedAt,
} from '../../../src/engine/watch/interventions.ts'
import { second, span } from './lives.ts'

/** For each kind of act on `db`: what is not judged meanwhile, and whether the end of another service is explained by it. */
const ACTS: Record<InterventionKind, readonly [suspended: 'all' | readonly string[], explainsOthers: boolean]> = {
  deploy: ['all', true],
  backup: [[], false],
  restore: ['all', true],
  kill: [[], true],
  hook: [[], false],
  'run-once': [['db'], false],
  'engine-restart': ['all', true],
}

describe.each(Object.entries(ACTS) as [InterventionKind, (typeof ACTS)['kill']][])(
  '%s',
  (kind, [suspended, others]) => {
    const act = span(kind, 40, 45, ['db'])

    test('suspends while it is active', () => {
      const until = suspendedAt([act], second(44))
      expect(until === 'all' ? until : [...until]).toEqual(suspended)
      expect(suspendedAt([span(kind, 40, null, ['db'])], second(400))).toEqual(until)
      expect(suspendedAt([act], second(45))).toEqual(new Set())
    })

    test('explains the end of what it names, and of others where it may end them', () => {
      expect(explains(act, { service: 'db', at: second(42) })).toBe(true)
      expect(explains(act, { service: 'app', at: second(42) })).toBe(others)
      expect(explains(span(kind, 40, 45), { service: 'app', at: second(42) })).toBe(true)
    })
  },
)

test('what names all services names each, and what names some no other', () => {
  expect(isNamed(span('hook', 40, 45), 'app')).toBe(true)
  expect(isNamed(span('hook', 40, 45, ['app', 'db']), 'db')).toBe(true)
  expect(isNamed(span('hook', 40, 45, ['app', 'db']), 'a')).toBe(false)
})

test('several acts suspend what any of them does', () => {
  const [app, db] = [span('run-once', 40, 45, ['app']), span('run-once', 41, 50, ['db', 'cache'])]
  expect(suspendedAt([app, db], second(42))).toEqual(new Set(['app', 'db', 'cache']))
  expect(suspendedAt([app, db], second(46))).toEqual(new Set(['db', 'cache']))
  expect(suspendedAt([app, span('run-once', 40, 45)], second(42))).toBe('all')
  expect(suspendedAt([app, span('restore', 40, 45, ['db'])], second(42))).toBe('all')
  expect(suspendedAt([span('backup', 40, 45), span('hook', 40, 45)], second(42))).toEqual(new Set())
})

test.each([
  [39, false, false],
  [40, true, false],
  [45, true, false],
  [47, true, false],
  [48, false, true],
  [105, false, true],
  [106, false, false],
])('the end of another at %i s, of a kill from 40 to 45: explained %s, a late consequence %s', (at, within, late) => {
  const end = { service: 'app', at: second(at) }
  const kill = span('kill', 40, 45, ['db'])
  expect([explains(kill, end), mayFollow(kill, end)]).toEqual([within, late])
})

test('late consequences are those of a kill that is over, for what was not killed', () => {
  const end = { service: 'app', at: second(60) }
  expect(mayFollow(span('kill', 40, null, ['db']), end)).toBe(false)
  expect(mayFollow(span('kill', 40, 45, ['app']), end)).toBe(false)
  expect(mayFollow(span('restore', 40, 45, ['db']), end)).toBe(false)
})
