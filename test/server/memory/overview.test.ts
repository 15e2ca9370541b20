import { expect, test } from 'vitest'
import type { RunRow } from '../../../src/server/contract/store.ts'
import { select } from '../../../src/server/http/pages/overview.ts'
import { glancesOf, Overview } from '../../../src/server/memory/overview.ts'
import { requestFor } from '../support/scene.ts'

interface Made {
  readonly repository: string
  readonly verdict: 'pass' | 'fail' | 'unverified' | null
  readonly day: number
  readonly pull?: number
  readonly why?: boolean
}

/** Newest first, as the store gives them. */
function ends(all: readonly Made[]): RunRow[] {
  return all
    .toSorted((a, b) => b.day - a.day)
    .map(({ repository, verdict, day, pull, why }) => {
      const finishedAt = `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z`
      const request = {
        ...requestFor({ repository, at: finishedAt }),
        pull: pull === undefined ? null : { number: pull, headRef: 'x', baseRef: 'main', comment: 1, author: 'a' },
        ...(why ? { why: {} } : {}),
      }
      const level = verdict === 'pass' ? 6 : 1
      const outcome = { verdict, level, finishedAt, cause: null, tier: null }
      return { request, outcome, folder: request.id, state: 'done' } as unknown as RunRow
    })
}

test('a recipe stands where its own branch stands, whatever its pull requests came to', () => {
  const all = ends([
    { repository: 'coop/a', verdict: 'pass', day: 1 },
    { repository: 'Coop/A', verdict: 'fail', day: 3, pull: 7 },
    { repository: 'coop/a', verdict: 'pass', day: 2, pull: 7 },
    { repository: 'coop/a', verdict: null, day: 4 },
    { repository: 'coop/a', verdict: 'fail', day: 5, why: true },
    { repository: 'coop/b', verdict: 'unverified', day: 1, pull: 3 },
  ])
  const active = [{ ...all[0], state: 'queued' } as RunRow, { ...all[0], state: 'running' } as RunRow]
  const glances = glancesOf(all, active, [{ name: 'coop/new' }, { name: 'whole-organisation' }])
  expect(glances.map(({ repository }) => repository.toLowerCase())).toEqual(['coop/a', 'coop/b', 'coop/new'])
  const [a, b, none] = glances
  expect(a?.newest).toMatchObject({ verdict: 'pass', pull: null })
  expect(a?.recent.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'fail', null])
  expect(a?.pulls.map(({ pull, verdict }) => [pull, verdict])).toEqual([[7, 'fail']])
  expect([a?.running, a?.queued]).toEqual([1, 1])
  expect(b?.newest).toMatchObject({ verdict: 'unverified', pull: 3 })
  expect(none).toMatchObject({ newest: null, recent: [], pulls: [] })
})

test('what needs attention comes first, and a filter leaves what fits', () => {
  const glances = glancesOf(
    ends([
      { repository: 'coop/green', verdict: 'pass', day: 9 },
      { repository: 'coop/unsure', verdict: 'unverified', day: 1 },
      { repository: 'coop/red', verdict: 'fail', day: 2 },
    ]),
    [],
    [{ name: 'coop/new' }],
  ).map((glance) => ({ ...glance, picture: false }))
  const names = (filter: Partial<Parameters<typeof select>[1]>) =>
    select(glances, { q: '', show: 'all', sort: 'attention', ...filter }).map(({ repository }) => repository.slice(5))
  expect(names({})).toEqual(['red', 'unsure', 'new', 'green'])
  expect(names({ sort: 'name' })).toEqual(['green', 'new', 'red', 'unsure'])
  expect(names({ sort: 'newest' })).toEqual(['green', 'red', 'unsure', 'new'])
  expect(names({ sort: 'level' })[0]).toBe('green')
  expect(names({ show: 'red' })).toEqual(['red', 'unsure'])
  expect(names({ show: 'pass' })).toEqual(['green'])
  expect(names({ show: 'new' })).toEqual(['new'])
  expect(names({ show: 'active' })).toEqual([])
  expect(names({ q: 'OP/RE' })).toEqual(['red'])
})

test('a visitor gets what was read last, and what is older than a second is read beside the answer', async () => {
  let now = 0
  let reads = 0
  let release = () => {}
  const rows = () => ends([{ repository: `coop/r${reads}`, verdict: 'pass', day: 1 }])
  let done = 1
  const store = {
    counts: async () => ({ queued: 0, running: 0, done: done++, cancelled: 0, error: 0 }),
    endsOfEach: async () => {
      reads++
      if (reads > 1) await new Promise<void>((resolve) => (release = resolve))
      return rows()
    },
    runs: async () => [],
    enrollments: async () => [],
  }
  const overview = new Overview(store, { now: () => now }, { hasPicture: async () => true, summaries: () => new Map() })
  expect(await overview.glances()).toMatchObject([{ repository: 'coop/r1', picture: true }])
  now = 500
  await overview.glances()
  expect(reads).toBe(1)
  now = 5_000
  expect(await overview.glances()).toMatchObject([{ repository: 'coop/r1' }])
  await overview.glances()
  expect(reads).toBe(2)
  release()
  await expect.poll(async () => (await overview.glances())[0]?.repository).toBe('coop/r2')
})
