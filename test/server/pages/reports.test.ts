import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { Masker } from '../../../src/lib/masking/mask.ts'
import { maskResponses } from '../../../src/server/http/middleware/mask-responses.ts'
import { addReports } from '../../../src/server/http/pages/report-routes.ts'
import { keep } from '../../history/some-runs.ts'
import { idOf, run, story } from '../../history/weekly/story.ts'

const NOW = Date.parse('2026-12-02T12:00:00Z')
const SECRET = 'a-token-that-nobody-should-see'

/** A server whose clock stands, with runs of these folders. */
function reportsOf(all: ReturnType<typeof story>, now = { at: NOW }) {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-reports-'))
  onTestFinished(() => rmSync(state, { recursive: true, force: true }))
  for (const one of all) keep(state, one)
  const masker = new Masker()
  masker.add(SECRET)
  const app = new Hono()
  app.use(maskResponses(masker))
  const settings = { state, publicUrl: 'https://ci.example.org' }
  addReports(app, { settings, clock: { ...systemClock, now: () => now.at } }, () => ({ operator: null, csrf: '' }))
  return { app, state }
}

test('the weeks that are over are listed, newest first, to everybody', async () => {
  const { app } = reportsOf(story())
  const text = await (await app.request('/reports')).text()
  const weeks = [...text.matchAll(/<a href="\/reports\/(\d{4}-W\d\d)">/g)].map(([, week]) => week)
  expect(weeks).toEqual(['2026-W48', '2026-W47', '2026-W46', '2026-W44'])
  expect(text).toContain('href="/reports.atom"')
})

test('one week is a page and Markdown, with links to the pages of its runs', async () => {
  const { app } = reportsOf(story())
  const page = await app.request('/reports/2026-W48')
  expect(page.status).toBe(200)
  const text = await page.text()
  expect(text).toContain(`<a class="run" href="/runs/${idOf('1124-101500')}">`)
  expect(text).toContain('<h2 id="regressed">')
  expect(text).toContain('<link rel="alternate" type="application/atom+xml"')
  expect((text.match(/<[a-z][^>]*>/gi) ?? []).filter((tag) => /<script (?!nonce)|\sstyle=|<style/i.test(tag))).toEqual(
    [],
  )
  const markdown = await app.request('/reports/2026-W48.md')
  expect(markdown.headers.get('content-type')).toContain('text/markdown')
  expect(await markdown.text()).toContain(`(<https://ci.example.org/runs/${idOf('1124-101500')}>)`)
})

test.each(['2026-W49', '2026-W20', '2026-W99', 'last', '2026-W48.txt', '..%2f2026-W48'])(
  '%s is no report',
  async (week) => {
    const { app } = reportsOf(story())
    expect((await app.request(`/reports/${week}`)).status).toBe(404)
  },
)

test('the feed names the same weeks, and what must not be seen is masked in it as everywhere', async () => {
  const { app } = reportsOf([run(idOf('1124-101500'), { name: SECRET })])
  for (const path of ['/reports.atom', '/reports/2026-W48', '/reports/2026-W48.md']) {
    const text = await (await app.request(path)).text()
    expect(text).toContain('2026-W48')
    expect(text).not.toContain(SECRET)
  }
  const feed = await app.request('/reports.atom')
  expect(feed.headers.get('content-type')).toBe('application/atom+xml; charset=utf-8')
  expect(await feed.text()).toContain('<id>https://ci.example.org/reports/2026-W48</id>')
})

test('a run that comes late is in the report of its week, and another server says the same', async () => {
  const now = { at: NOW }
  const { app, state } = reportsOf(story(), now)
  const before = await (await app.request('/reports/2026-W48.md')).text()
  const late = run(idOf('1129-230000'), { name: 'newcomer' })
  keep(state, late)
  now.at += 61_000
  const after = await (await app.request('/reports/2026-W48.md')).text()
  expect(before).not.toContain('newcomer')
  expect(after).toContain('**newcomer**')
  const { app: other } = reportsOf([...story(), late].toReversed())
  expect(await (await other.request('/reports/2026-W48.md')).text()).toBe(after)
})

test('no week is over yet', async () => {
  const { app } = reportsOf([])
  expect(await (await app.request('/reports')).text()).toContain('No week with runs is over yet.')
  expect(await (await app.request('/reports.atom')).text()).not.toContain('<entry>')
})
