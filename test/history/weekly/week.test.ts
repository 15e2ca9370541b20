import { expect, test } from 'vitest'
import { lastWholeWeek, parseWeek, weekNamed, weekOf } from '../../../src/history/weekly/week.ts'

const at = (text: string) => Date.parse(text)

test.each([
  ['2026-11-30T00:00:00Z', '2026-W49'],
  ['2026-11-29T23:59:59Z', '2026-W48'],
  ['2027-01-03T12:00:00Z', '2026-W53'],
  ['2027-01-04T00:00:00Z', '2027-W01'],
  ['2024-12-30T00:00:00Z', '2025-W01'],
  ['2021-01-03T23:59:59Z', '2020-W53'],
])('%s lies in %s', (moment, id) => {
  expect(weekOf(at(moment)).id).toBe(id)
})

test('a week is seven days from Monday on, in UTC', () => {
  const { from, to } = parseWeek('2026-W48')
  expect([from, to]).toEqual([at('2026-11-23T00:00:00Z'), at('2026-11-30T00:00:00Z')])
  expect(parseWeek('2026-11-29')).toEqual(parseWeek('2026-W48'))
  expect(lastWholeWeek(at('2026-11-30T00:00:00Z')).id).toBe('2026-W48')
})

test.each(['2026-W54', '2025-W53', '2026-W00', 'W48', '2026-48', '2026-02-30', 'last', ''])('%s is none', (text) => {
  expect(() => parseWeek(text)).toThrow(/is no week/)
  expect(weekNamed(text)).toBeNull()
})
