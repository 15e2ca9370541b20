import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import { listen } from '../../../src/server/http/listen.ts'
import { addPages } from '../../../src/server/http/pages/routes.ts'
import { createBaseMemory } from '../../../src/server/memory/against-base.ts'
import { serverMasker } from '../../../src/server/secrets.ts'
import type { RunEvent } from '../../../src/verdict/events.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { failedRun } from '../../report/sample-runs.ts'
import { passingStream } from '../../verdict/passing-stream.ts'
import { httpBench } from '../http/bench.ts'
import { startBrowser } from '../support/browser.ts'
import { startRelay } from '../support/relay.ts'

const line = (event: RunEvent) => `${JSON.stringify(event)}\n`

/** A server on a port with one run that is under way, the page of it in a browser, and what appends to its events. */
async function stage() {
  const bench = await httpBench()
  const { store, settings, clock, app, auth } = bench
  addPages(
    app,
    {
      ...{ store, settings, clock, operations: { approvals: () => [] } as never, sweeps: null as never },
      retention: { seen: () => ({ disk: null, trouble: null }) },
      memory: createBaseMemory({ state: settings.state, clock, masker: serverMasker(settings) }),
    },
    auth,
  )
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  onTestFinished(() => {
    bench.stopWaiting()
    return server.close(1_000)
  })
  const { id } = await bench.ask({ pull: { number: 7, headRef: 'change', baseRef: 'main', comment: 1, author: 'ann' } })
  const claim = await store.claim(
    { worker: 'one', memoryBytes: 9e9, freeBytes: 9e9, harness: '1' },
    clock.now(),
    60_000,
  )
  const folder = runFolder(settings.state, claim?.folder ?? '')
  mkdirSync(folder.dir, { recursive: true })
  writeFileSync(folder.events, '')
  const browser = await startBrowser()
  onTestFinished(() => browser[Symbol.asyncDispose]())
  const visitor = await browser.visitor()
  const page = await visitor.newPage()
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (error) => errors.push(String(error)))
  const url = `http://127.0.0.1:${server.port}/runs/${id}`
  const append = (events: readonly RunEvent[]) => appendFileSync(folder.events, events.map(line).join(''))
  const finish = async (events: readonly RunEvent[]) => {
    const results = fold(events)
    writeFileSync(folder.results, JSON.stringify(results))
    if (!claim) throw new Error('nothing was claimed')
    await store.finish(claim.lease, {
      ...{ schema: 1, id, state: 'done', verdict: results.verdict, level: results.level, cause: null, tier: null },
      ...{
        message: 'it ended',
        finishedAt: new Date().toISOString(),
        folder: claim.folder,
        attempts: 1,
        teardown: 'clean',
      },
    })
  }
  return { ...bench, browser, page, url, append, finish, errors }
}

const words = (page: Page, selector: string) => page.locator(selector).textContent()

test('the page follows its run, keeps what a reader opened, and shows the end without being asked', async () => {
  const { page, url, append, finish, errors } = await stage()
  const events = passingStream()
  const at = (tier: string, type: string) =>
    events.findIndex((event) => event.type === type && 'tier' in event && event.tier === tier)
  append(events.slice(0, at('install', 'tier.started') + 1))
  await page.goto(url)
  await page.getByText('Live: this page follows the run.').waitFor()
  expect(await words(page, '#live-now')).toContain('install')
  expect(await page.locator('#live-strip li').count()).toBeGreaterThan(5)

  append(events.slice(at('install', 'tier.started') + 1, at('upgrade', 'tier.started') + 1))
  await page.locator('#tier-install').waitFor()
  expect(await words(page, '#live-strip li:has-text("install")')).toContain('✓')
  await page.locator('#tier-install summary').first().click()
  expect(await page.locator('#tier-install').getAttribute('open')).not.toBeNull()

  const rest = events.slice(at('upgrade', 'tier.started') + 1, at('backup', 'tier.started') + 1)
  append(rest)
  await page.locator('#tier-upgrade').waitFor()
  expect(await page.locator('#tier-install').getAttribute('open')).not.toBeNull()

  append(events.slice(at('backup', 'tier.started') + 1))
  await finish(events)
  await page.getByText('level 6 (resilience)').waitFor()
  expect(await page.locator('[data-live]').count()).toBe(0)
  expect(errors).toEqual([])
})

test('a browser that lost the connection gets what it missed, and no more', async () => {
  const { page, url, append } = await stage()
  let down = false
  const relay = await startRelay(() => (down ? { status: 503 } : { to: new URL(url).origin }))
  onTestFinished(() => relay[Symbol.asyncDispose]())
  const events = passingStream()
  const install = events.findIndex((event) => event.type === 'tier.ended' && event.tier === 'install')
  append(events.slice(0, 5))
  await page.goto(`${relay.url}${new URL(url).pathname}`)
  await page.getByText('Live: this page follows the run.').waitFor()
  down = true
  relay.cut()
  append(events.slice(5, install + 1))
  await page.getByText('Not connected now; trying again.').waitFor()
  down = false
  await page.locator('#tier-install').waitFor()
  const answer = await fetch(`${url}/live`, { headers: { 'last-event-id': String(install + 1) } })
  const reader = answer.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  expect(Buffer.from(value ?? []).toString()).not.toContain('event: part')
  await reader?.cancel()
})

test('what a recipe says stays text, and a secret of the server is masked, also in what is sent later', async () => {
  const { url, append, settings } = await stage()
  const say = `<img src=x onerror=alert(1)> ${settings.forgeToken} \u202e`
  const answer = await fetch(`${url}/live`)
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  append(failedRun(say))
  let text = ''
  while (!text.includes('live-tiers')) text += (await reader?.read())?.value ?? ''
  await reader?.cancel()
  expect(text).not.toContain('<img')
  expect(text).not.toContain(settings.forgeToken)
  expect(text).not.toContain('\u202e')
  expect(text).toContain('&lt;img src=x')
})

test('without scripts the page is whole, and loads itself again while the run continues', async () => {
  const { url, append, browser } = await stage()
  append(failedRun())
  const page = await (await browser.visitor({ javaScriptEnabled: false })).newPage()
  await page.goto(url)
  const html = await page.content()
  expect(html).toContain('http-equiv="refresh"')
  expect(await page.locator('#live-lead').textContent()).toContain('crash-loop')
})

test('a run that is unknown is not followed', async () => {
  const { url } = await stage()
  const unknown = await fetch(url.replace(/runs\/.*/, 'runs/20260101-000000-aaaaaa/live'))
  expect(unknown.status).toBe(404)
})
