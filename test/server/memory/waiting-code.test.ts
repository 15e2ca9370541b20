import { expect, test } from 'vitest'
import type { RunRow } from '../../../src/server/contract/store.ts'
import { originMatcher } from '../../../src/server/memory/kept-of-recipe.ts'
import { stillWaiting, waitingCode } from '../../../src/server/memory/waiting-code.ts'
import { requestFor } from '../support/scene.ts'

const REFUSED = new Map([['f', { refused: ['hooks.ts: POST_INSTALL'] }]])
const pull = (number: number) => ({ number, headRef: 'change', baseRef: 'main', comment: 1, author: 'ann' })

function row(request: Parameters<typeof requestFor>[0], more: Partial<RunRow> = {}): RunRow {
  return { request: requestFor(request), state: 'done', folder: 'f', outcome: null, ...more } as RunRow
}

test('the newest run that ended decides, for each pull request and for the repository itself', () => {
  const rows = [
    row({ pull: pull(1), commit: 'a'.repeat(40) }, { state: 'cancelled' }),
    row({ pull: pull(1), commit: 'b'.repeat(40) }),
    row({ pull: pull(1), commit: 'c'.repeat(40) }),
    row({ pull: pull(2), commit: 'd'.repeat(40) }, { folder: 'approved' }),
    row({ pull: pull(2), commit: 'e'.repeat(40) }),
    row({ pull: null, commit: 'b'.repeat(40) }),
    row({ pull: null, commit: 'f'.repeat(40), repository: 'Coop/Other' }),
  ]
  const found = waitingCode(rows, REFUSED)
  expect(found.map(({ repository, pull, commit }) => [repository, pull, commit[0]]).sort()).toEqual([
    ['Coop/Other', null, 'f'],
    ['coop/hello', 1, 'b'],
  ])
  const approval = { repository: 'coop/OTHER', commit: 'f'.repeat(40), tree: null, at: '2026-11-30T00:00:00Z' }
  expect(stillWaiting(found, [approval]).map(({ pull }) => pull)).toEqual([1])
  expect(stillWaiting(found, [{ ...approval, commit: 'b'.repeat(40) }])).toHaveLength(2)
})

test('a repository is known by its address with or without .git, and by what its runs call their origin', () => {
  const isOrigin = originMatcher('https://git.example.org/coop/hello.git', ['/srv/hello'])
  for (const mine of ['https://git.example.org/coop/hello', 'https://git.example.org/Coop/hello.git/', '/srv/hello'])
    expect(isOrigin(mine)).toBe(true)
  for (const other of ['https://git.example.org/coop/hello2', 'https://other.example.org/coop/hello', ''])
    expect(isOrigin(other)).toBe(false)
})
