import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exitsOf } from '../../../src/engine/watch/exits.ts'
import type { Intervention } from '../../../src/engine/watch/interventions.ts'
import { judgeExits, LIFE_MS, unprovenServices } from '../../../src/engine/watch/stability.ts'
import { type Life, lived, second, span } from './lives.ts'

const UP = 10
/** Programs one after the other in one slot, up at `UP`; the last one runs. Each: how long it lived and how it ended. */
const ends = fc.array(
  fc.record({
    age: fc.integer({ min: 1, max: 120 }),
    code: fc.integer({ min: 1, max: 140 }),
    reported: fc.boolean(),
  }),
  { maxLength: 6 },
)
const lastAge = fc.integer({ min: 0, max: 200 })

function lives(programs: readonly { age: number; code: number; reported: boolean }[]): Life[] {
  let from = UP
  const lives: Life[] = programs.map(({ age, code, reported }) => {
    const life = { from, to: from + age, code, reported }
    from = life.to + 1
    return life
  })
  return [...lives, { from }]
}

function judged(app: readonly Life[], runsFor: number, spans: readonly Intervention[] = [], unforgiven: string[] = []) {
  const now = (app.at(-1)?.from ?? 0) + runsFor
  const snapshot = lived(now, { app })
  const exits = exitsOf(snapshot, { since: second(UP), spans: [span('deploy', 0, UP - 3), ...spans] })
  const found = judgeExits(snapshot, exits, new Set(unforgiven))
  return { ...found, young: unprovenServices(snapshot, LIFE_MS.whole) }
}

test('whatever a program lived: two ends by itself are a failure, one must be outlived, none is nothing', () => {
  fc.assert(
    fc.property(ends, lastAge, (programs, runsFor) => {
      const own = programs.filter(({ reported }) => !reported)
      const { failure, unproven } = judged(lives(programs), runsFor)
      expect(failure !== null).toBe(own.length >= 2)
      if (own.length === 0) expect(unproven).toEqual([])
      if (own.length !== 1) return
      const [only] = own
      const needs = Math.min(60, Math.max(10, 2 * (only?.age ?? 0)))
      const after = programs.slice(programs.indexOf(only as never) + 1).map(({ age }) => age)
      const longest = Math.max(runsFor, ...after)
      expect(unproven.length === 0).toBe(longest >= needs)
    }),
    { numRuns: 500 },
  )
})

test('what cc-ci killed says nothing, whenever it ended and with whatever sign', () => {
  fc.assert(
    fc.property(ends, lastAge, (programs, runsFor) => {
      const app = lives(programs)
      const kills = app.flatMap(({ to }) => (to === undefined ? [] : [span('kill', to - 1, to + 1, ['app'])]))
      expect(judged(app, runsFor, kills)).toMatchObject({ failure: null, unproven: [] })
    }),
    { numRuns: 300 },
  )
})

test('something done to the app beside its ends never makes a failure of what was none', () => {
  const kinds = fc.constantFrom<Intervention['kind']>('backup', 'restore', 'kill', 'hook', 'run-once')
  const acts = fc.array(fc.tuple(kinds, fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 60 })), {
    maxLength: 4,
  })
  fc.assert(
    fc.property(ends, lastAge, acts, (programs, runsFor, some) => {
      const app = lives(programs)
      const spans = some.map(([kind, from, ms]) => span(kind, from, from + ms, ['app']))
      const without = judged(app, runsFor).failure
      if (without === null) expect(judged(app, runsFor, spans).failure).toBeNull()
    }),
    { numRuns: 300 },
  )
})

test('a habit is a failure although a restore explains every end but one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 2, max: 5 }), lastAge, (age, times, runsFor) => {
      const app = lives(Array.from({ length: times }, () => ({ age, code: 9, reported: false })))
      const first = app[0]?.to ?? 0
      const { failure } = judged(app, runsFor, [span('restore', first + 3, 10_000)])
      expect(failure).toMatchObject({ code: 'crash-loop', deterministic: true })
    }),
    { numRuns: 200 },
  )
})

test('in a second attempt the first end of a service that ended in the first is one too many', () => {
  fc.assert(
    fc.property(ends, lastAge, (programs, runsFor) => {
      const own = programs.filter(({ reported }) => !reported)
      expect(judged(lives(programs), runsFor, [], ['app']).failure !== null).toBe(own.length >= 1)
      expect(judged(lives(programs), runsFor, [], ['other']).failure !== null).toBe(own.length >= 2)
    }),
    { numRuns: 300 },
  )
})

test('a whole life is 45 s of one task, also before it ended', () => {
  fc.assert(
    fc.property(ends, lastAge, (programs, runsFor) => {
      const longest = Math.max(runsFor, ...programs.map(({ age }) => age))
      expect(judged(lives(programs), runsFor).young.map(({ leftMs }) => leftMs)).toEqual(
        longest >= 45 ? [] : [(45 - runsFor) * 1000],
      )
    }),
    { numRuns: 300 },
  )
})
