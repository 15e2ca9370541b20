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
    [
      'a table whose rows went to two new ones',
      {
        'public.posts': undefined,
        a: [2, ['id int', 'body text']],
        b: [3, ['id int', 'body text']],
      },
      'changed',
    ],
    [
      'a table that is gone while another grew by its rows',
      {
        'public.posts': undefined,
        empty: [5, ['x int', 'id int', 'body text']],
      },
      'changed',
    ],
    [
      'rows that moved to a new archive',
      {
        'public.posts': [2, ['id int', 'body text']],
        'public.old_posts': [3, ['id int', 'body text', 'at date']],
      },
      'changed',
    ],
    [
      'rows gone while an old table grew',
      {
        'public.posts': [2, ['id int', 'body text']],
        empty: [3, ['x int', 'id int', 'body text']],
      },
      'lost',
    ],
    ['a column of another type', { 'public.posts': [5, ['id bigint', 'body text']] }, 'changed'],
    ['a table that could not be counted', { 'public.posts': [null, ['id int', 'body text']] }, 'changed'],
  ] as [string, Parameters<typeof change>[0], string][])('%s: %s', (_, tables, result) => {
    expect(compareFingerprints(before, change(tables)).result).toBe(result)
  })

  test.each([
    ['all of it was gone, and is back', {}, before, '3 tables, 14 of 14 destroyed rows back', [14, 14]],
    [
      'the app made some of it again',
      { 'public.posts': [2, ['id int', 'body text']] },
      before,
      '3 tables, 12 of 12 destroyed rows back',
      [12, 12],
    ],
    [
      'nobody destroyed it',
      { 'public.posts': [5, []], 'public.sessions': [9, []] },
      before,
      '3 tables, none of 14 rows was missing before the restore',
      [0, 0],
    ],
    [
      'part of it is back',
      {},
      change({ 'public.posts': [3, ['id int', 'body text']] }),
      '3 tables, 12 of 14 destroyed rows back: table public.posts has 3 rows, had 5',
      [14, 12],
    ],
    [
      'a new server has more than the old one had',
      { 'public.posts': [50, []] },
      before,
      '3 tables, 9 of 9 destroyed rows back',
      [9, 9],
    ],
  ] as [string, Parameters<typeof print>[0], Fingerprint, string, [number, number]][])(
    'a restore brings back only what was gone: %s',
    (_, between, after, summary, [rowsDestroyed, rowsBack]) => {
      const compared = compareFingerprints(before, after, print(between))
      expect(compared).toMatchObject({ summary, counts: { rowsDestroyed, rowsBack } })
    },
  )

  test('one new table cannot be the heir of two old ones, unless it holds the rows of both; an empty one takes no heir', () => {
    const two = print({ a: [3, ['id int']], b: [3, ['id int']] })
    expect(compareFingerprints(two, print({ c: [3, ['id int']] })).result).toBe('lost')
    expect(compareFingerprints(two, print({ c: [6, ['id int']] })).result).toBe('changed')
    const one = print({ a: [0, ['id int']], b: [3, ['id int']] })
    expect(compareFingerprints(one, print({ c: [3, ['id int']] })).result).toBe('changed')
  })

  test.each([
    ['settings', 3, 'changed'],
    ['settings', 0, 'lost'],
    // Keycloak 26.7 keeps in columns of its realms what 26.0 kept there; of a person nothing may go.
    ['public.realm_attribute', 3, 'changed'],
    ['public.realm_attribute', 0, 'lost'],
    ['public.user_attribute', 3, 'lost'],
    // PocketBase forgets where somebody logged in when the password changes.
    ['_authOrigins', 0, 'changed'],
    ['site_options', 3, 'changed'],
    ['sessions', 0, 'changed'],
    ['app.VerificationToken', 0, 'changed'],
    ['posts_fts_data', 0, 'changed'],
    ['order-logs', 0, 'changed'],
    // What Synapse has still to do in the background after an update of its schema.
    ['public.background_updates', 0, 'changed'],
    ['catalogue', 3, 'lost'],
    ['sessional_work', 3, 'lost'],
    ['posts', 0, 'lost'],
  ])('a table %s of 4 rows that has %i left: %s', (name, rows, result) => {
    const compared = compareFingerprints(print({ [name]: [4, ['x int']] }), print({ [name]: [rows, ['x int']] }))
    expect(compared.result).toBe(result)
    expect(compared.counts.rowsLost + compared.counts.rowsTidied).toBe(4 - rows)
  })

  test('a listing that was cut off proves nothing gone', () => {
    const cut = { ...change({ 'public.posts': undefined }), cut: true }
    expect(compareFingerprints(before, cut).result).toBe('changed')
  })

  test('more than a million rows: only falling below is seen', () => {
    const of = (rows: number) => print({ big: [rows, ['x int']] })
    expect(compareFingerprints(of(1_000_001), of(1_000_001)).result).toBe('kept')
    const { details } = compareFingerprints(of(1_000_001), of(12))
    expect(details).toEqual(['table big has 12 rows, had more than 1000000'])
  })

  test('in one sentence and in numbers', () => {
    const next = change({
      'public.posts': [7, ['id bigint', 'body text', 'title text', 'at date']],
      'public.sessions': [2, ['sid text']],
      more: [0, ['y int']],
      empty: undefined,
    })
    expect(compareFingerprints(before, next)).toEqual({
      result: 'changed',
      summary: '3 tables, 0 rows lost, 1 new table, 1 former table, 2 new columns, 2 more rows, 7 rows tidied away',
      counts: {
        ...{ tables: 3, rows: 9, rowsLost: 0, tablesLost: 0, rowsTidied: 7 },
        ...{ newTables: 1, formerTables: 1, newColumns: 2, formerColumns: 0, newRows: 2 },
      },
      details: [
        'table public.posts: 2 more rows',
        'table public.posts: 2 new columns, 1 column of another type',
        'table public.sessions has 2 rows, had 9: apps tidy up there',
        'table empty is gone (had 0 rows)',
        'table more is new (0 rows)',
      ],
    })
  })

  test('the summary names the table and its numbers', () => {
    const { summary } = compareFingerprints(before, change({ 'public.posts': [2, ['id int', 'body text']] }))
    expect(summary).toContain('table public.posts has 2 rows, had 5')
  })

  describe('rows that a release had built in, and takes along', () => {
    const builtIn = (roles: number, integrations: number, keys: number, members: number) =>
      print({
        'ghost.roles': [roles, ['id char', 'name text']],
        'ghost.integrations': [integrations, ['id char', 'slug text']],
        'ghost.api_keys': [keys, ['id char', 'role_id char', 'integration_id char']],
        'ghost.roles_users': [members, ['id char', 'role_id char', 'user_id char']],
      })
    const was = builtIn(11, 9, 8, 40)

    test.each([
      ['an integration, its role and its key', builtIn(10, 8, 7, 40), 'changed'],
      ['a role, and one who had it', builtIn(10, 9, 8, 39), 'changed'],
      ['a role, and more than one who had it', builtIn(10, 9, 8, 38), 'lost'],
      ['a key without anything it belonged to', builtIn(11, 9, 7, 40), 'lost'],
      ['more keys than what they belonged to', builtIn(10, 8, 5, 40), 'lost'],
      ['all keys', builtIn(10, 8, 0, 40), 'lost'],
      ['all roles', builtIn(0, 9, 8, 40), 'lost'],
    ])('%s', (_, is, expected) => {
      expect(compareFingerprints(was, is).result).toBe(expected)
    })

    test('are named with the reason', () => {
      const { details, counts } = compareFingerprints(was, builtIn(10, 8, 7, 40))
      expect(details).toContain(
        'table ghost.api_keys has 7 rows, had 8: they belonged to rows that the app tidied away',
      )
      expect(counts).toMatchObject({ rowsLost: 0, rowsTidied: 3 })
    })

    test('and a restore has to bring back all the same', () => {
      const fresh = builtIn(10, 8, 2, 1)
      expect(compareFingerprints(was, builtIn(10, 8, 7, 40), fresh).result).toBe('lost')
    })
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
