import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeFingerprint, type Fingerprint, parseFingerprint } from '../../src/backup/witness/fingerprint.ts'
import { compareFingerprints } from '../../src/backup/witness/survival.ts'

const print = (tables: Record<string, [number | null, string[]]>): Fingerprint => ({
  tables: new Map(Object.entries(tables).map(([name, [rows, columns]]) => [name, { rows, columns }])),
})
const before = print({
  'public.posts': [5, ['id int', 'body text']],
  'public.sessions': [9, ['sid text']],
  empty: [0, ['x int']],
})
const change = (tables: Record<string, [number | null, string[]] | undefined>): Fingerprint => {
  const next = new Map(before.tables)
  for (const [name, table] of Object.entries(tables)) {
    if (table) next.set(name, { rows: table[0], columns: table[1] })
    else next.delete(name)
  }
  return { tables: next }
}

describe('told apart', () => {
  test.each([
    ['the same', {}, 'kept'],
    ['a new table', { more: [0, ['y int']] }, 'changed'],
    ['a new column', { 'public.posts': [5, ['id int', 'body text', 'title text']] }, 'changed'],
    ['more rows', { 'public.posts': [6, ['id int', 'body text']] }, 'changed'],
    ['fewer rows', { 'public.posts': [4, ['id int', 'body text']] }, 'lost'],
    ['an emptied table', { 'public.posts': [0, ['id int', 'body text']] }, 'lost'],
    ['a table with rows gone', { 'public.posts': undefined }, 'lost'],
    ['an empty table gone', { empty: undefined }, 'changed'],
    ['expired sessions', { 'public.sessions': [0, ['sid text']] }, 'changed'],
    [
      'a renamed table',
      { 'public.posts': undefined, 'public.articles': [5, ['id int', 'body text', 'at date']] },
      'changed',
    ],
    [
      'a table replaced by a smaller one',
      { 'public.posts': undefined, articles: [4, ['id int', 'body text']] },
      'lost',
    ],
    ['a table replaced by a stranger', { 'public.posts': undefined, other: [50, ['a int', 'b int']] }, 'lost'],
    ['a table that could not be counted', { 'public.posts': [null, ['id int', 'body text']] }, 'changed'],
  ] as [string, Parameters<typeof change>[0], string][])('%s: %s', (_, tables, result) => {
    expect(compareFingerprints(before, change(tables)).result).toBe(result)
  })

  test('one new table cannot be the heir of two old ones', () => {
    const two = print({ a: [3, ['id int']], b: [3, ['id int']] })
    expect(compareFingerprints(two, print({ c: [3, ['id int']] })).result).toBe('lost')
  })

  test('the summary names the table and its numbers', () => {
    const { summary } = compareFingerprints(before, change({ 'public.posts': [2, ['id int', 'body text']] }))
    expect(summary).toContain('table public.posts has 2 rows, had 5')
  })

  test('a fingerprint is always kept against itself, and losing a row is always seen', () => {
    const table = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.array(fc.string({ minLength: 1 })))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^t_[a-z]{1,6}x$/), table, { minKeys: 1 }), (tables) => {
        const all = print(tables)
        expect(compareFingerprints(all, all).result).toBe('kept')
        const [name = '', shape] = [...all.tables][0] ?? []
        const less = new Map(all.tables).set(name, { columns: shape?.columns ?? [], rows: (shape?.rows ?? 0) - 1 })
        expect(compareFingerprints(all, { tables: less }).result).toBe('lost')
      }),
    )
  })
})

test('evidence holds counts and a hash, not the order of tables', () => {
  const turned = { tables: new Map([...before.tables].reverse()) }
  expect(describeFingerprint(before)).toBe(describeFingerprint(turned))
  expect(describeFingerprint(before)).toMatch(/^3 tables, 14 rows, sha256:[0-9a-f]{16}$/)
})

test('what is no line of a fingerprint is left out', () => {
  const text = '["column","a.b","id integer"]\nnoise\n["rows","a.b",7]\n["other",1]\n["rows","c",0]\n'
  expect(parseFingerprint(text).tables).toEqual(
    new Map([
      ['a.b', { rows: 7, columns: ['id integer'] }],
      ['c', { rows: 0, columns: [] }],
    ]),
  )
})
