import { expect, it } from 'vitest'
import { faultOf } from '../../../fixtures/apps/canary.ts'
import { lifeFacts } from '../../../scripts/test/apps/life-facts.ts'
import { appsPage, withImages } from '../../../scripts/test/apps/pages.ts'
import { summaryTable } from '../../../scripts/test/apps/summary-table.ts'
import { APP, lifeWith } from './results-of-life.ts'

const life = lifeFacts(APP, lifeWith(), 131_400)
const page = appsPage({
  lives: [life, { ...life, recipe: 'blog' }],
  faults: APP.faults.map((fault) => ({
    name: `pocketbase/${fault.name}`,
    canary: faultOf(APP, fault),
    found: { tier: 'upgrade', cause: 'data-lost', blame: 'recipe' },
    seconds: 61.2,
  })),
  machine: { engine: '20.10.24', api: '1.41', cpus: 2, memoryBytes: 24 * 1024 ** 3, load: [0.5, 0.4, 0.3] },
  version: '0.1.0',
  startedAt: '2026-12-01T04:00:00.000Z',
  seconds: 1200,
  jobs: 4,
})
const line = (text: string) => page.split('\n').find((one) => one.startsWith(text))

it('has a row for each life, sorted, with what was judged', () => {
  expect(page.indexOf('| blog ')).toBeLessThan(page.indexOf('| pocketbase '))
  expect(line('| pocketbase ')).toMatch(
    /^\| pocketbase \| 1\.0\.0\+0\.36\.9 → 2\.0\.0\+0\.40\.6 \| 6 \| 131 \| [\d.]+ \|/,
  )
})

it('says of each name of the data what was seen, and names the tests', () => {
  expect(line('- `volume:data/data.db`')).toBe(
    '- `volume:data/data.db` after upgrade: 9 tables; after restore: 2 of 2 destroyed rows back',
  )
  expect(line('- tests of functional')).toBe('- tests of functional: can log in; can write')
})

it('says where each fault was caught', () => {
  expect(line('| pocketbase/table-dropped')).toBe(
    '| pocketbase/table-dropped | Drops a table \\| of all | upgrade: data-lost | upgrade | data-lost | recipe | 61 |',
  )
})

it('shows a tier that was skipped as none on the terminal', () => {
  const lines = summaryTable([lifeFacts(APP, lifeWith({ skipped: 'integration' }), 60_000)])
  expect(lines[0]).toMatch(/^app +level +seconds +lint +install .* MB$/)
  expect(lines[1]).toMatch(/^pocketbase +6 +60 .*–/)
  expect(lines[2]).toBe(
    '  volume:data: after upgrade: the marker file is there; after restore: the marker file is back',
  )
})

it('keeps the build seconds of images that were there, and all that is written by hand', () => {
  const image = { tag: 'a/b:1', from: 'a/base:1', megabytes: 35.4, recipes: ['blog', 'wiki'] }
  const empty = '# Fixtures\n\n<!-- Written by `npm run test:apps`. -->\n<!-- End of what is written. -->\n\nMore.\n'
  const first = withImages(empty, [{ ...image, buildSeconds: 4.44 }])
  expect(first).toContain('| `a/b:1` | 35 | 4.4 s | `a/base:1` | blog, wiki |\n')
  expect(withImages(first, [{ ...image, buildSeconds: null }])).toBe(first)
  expect(withImages(first, [{ ...image, buildSeconds: 5, megabytes: 40 }])).toContain('| `a/b:1` | 40 | 5.0 s |')
  expect(withImages(empty, [{ ...image, buildSeconds: null }])).toContain('| 35 | – |')
  expect(first).toMatch(/^# Fixtures\n[\s\S]*\nMore\.\n$/)
})
