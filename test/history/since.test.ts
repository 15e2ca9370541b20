import { expect, test } from 'vitest'
import { redSince, sinceOf } from '../../src/history/since.ts'
import { cause } from '../../src/verdict/causes.ts'
import { crash, type Made, summary } from './some-runs.ts'

const red = { upgrade: crash }
const id = (day: number) => `202611${String(day).padStart(2, '0')}-101500-aaaaaa`
const run = (day: number, made: Made = {}) => {
  const found = summary({ ...made, id: id(day) })
  return { ...found, startedAt: `2026-11-${String(day).padStart(2, '0')}T10:15:00Z` }
}

test('a streak goes back to the run after the last pass, by the time of runs', () => {
  const runs = [
    run(9, { fails: red }),
    run(3),
    run(8, { fails: red }),
    run(7, { fails: red }),
    run(6),
    run(5, { fails: red }),
  ]
  expect(sinceOf(runs, id(9), 'upgrade')).toMatchObject({ first: { id: id(7) }, runs: 3, lastPass: { id: id(6) } })
  expect(sinceOf(runs, id(7), 'upgrade')).toMatchObject({ first: { id: id(7) }, runs: 1, lastPass: { id: id(6) } })
  expect(sinceOf(runs, id(5), 'upgrade')).toMatchObject({ runs: 1, lastPass: { id: id(3) } })
})

test('runs from elsewhere say nothing, nor does a run that is not known', () => {
  const other = run(6)
  const elsewhere = { ...other, recipe: { ...other.recipe, origin: '/elsewhere' } }
  const runs = [run(9, { fails: red }), elsewhere]
  expect(sinceOf(runs, id(9), 'upgrade')).toMatchObject({ first: { id: id(9) }, runs: 1, lastPass: null })
  expect(sinceOf(runs, id(1), 'upgrade')).toBeNull()
})

test('it is asked of the tier that decided, and of no run that passed', () => {
  const lint = cause('http-not-serving', 'no rule')
  const runs = [run(9, { fails: { lint, upgrade: crash } }), run(8, { fails: { upgrade: crash } }), run(7)]
  expect(redSince(runs, id(9))).toMatchObject({ first: { id: id(8) }, runs: 2, lastPass: { id: id(7) } })
  expect(redSince(runs, id(7))).toBeNull()
  expect(redSince([], id(7))).toBeNull()
})
