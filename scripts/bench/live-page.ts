import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Hono } from 'hono'
import { Masker } from '../../src/lib/masking/mask.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import type { RunRow } from '../../src/server/contract/store.ts'
import { listen } from '../../src/server/http/listen.ts'
import { liveRoutes } from '../../src/server/http/live/routes.ts'
import { ASSETS } from '../../src/server/http/pages/layout.ts'
import { sendPage } from '../../src/server/http/send-page.ts'
import type { RunEvent } from '../../src/verdict/events.ts'
import { startBrowser } from '../../test/server/support/browser.ts'
import { STORIES } from '../../test/stories/stories.ts'
import { passingStream } from '../../test/verdict/passing-stream.ts'

/**
 * `node scripts/bench/live-page.ts [--events 50] [--before 400]`: how long after an event is appended to the file of a run a browser has drawn it: median and slowest of
 * `--events`, with a stream that has `--before` events already; and beside them what an empty round trip of the same browser takes.
 */
const { values } = parseArgs({
  options: { events: { type: 'string', default: '50' }, before: { type: 'string', default: '400' } },
})
const id = '20261201-110000-aaaaaa'
const state = mkdtempSync(join(tmpdir(), 'cc-ci-live-'))
const folder = runFolder(state, id)
mkdirSync(folder.dir, { recursive: true })
const stream = passingStream()
const begun = stream.findIndex((event) => event.type === 'tier.started' && event.tier === 'backup') + 1
let seq = 0
const append = (event: RunEvent) => appendFileSync(folder.events, `${JSON.stringify({ ...event, seq: ++seq })}\n`)
const waiting = (reason: string): RunEvent =>
  ({
    ...{
      seq: 0,
      at: new Date().toISOString(),
      type: 'wait.progress',
      tier: 'backup',
      name: 'stack hello_ci_test to converge',
    },
    ...{ reason, waitedMs: 1_000, deadlineMs: 180_000 },
  }) as RunEvent
writeFileSync(folder.events, '')
for (const event of stream.slice(0, begun)) append(event)
while (seq < Number(values.before)) append(waiting(`look ${seq}`))

const row = { request: { id }, state: 'running', folder: id } as RunRow
const stopping = new AbortController()
const app = new Hono()
app.route('/', liveRoutes({ store: { run: async () => row }, state, masker: new Masker(), stopping: stopping.signal }))
for (const { path, type, text } of ASSETS) app.get(path, (c) => c.body(text, 200, { 'content-type': type }))
app.get('/runs/:id', (c) => {
  const story = STORIES['run-running']?.()
  if (!story || !('page' in story)) throw new Error('no such story')
  return sendPage(c, story.page)
})
const server = await listen(app, { host: '127.0.0.1', port: 0 })
const browser = await startBrowser()
try {
  const page = await (await browser.visitor()).newPage()
  await page.goto(`http://127.0.0.1:${server.port}/runs/${id}`)
  await page.getByText('Live: this page follows the run.').waitFor()
  await page.exposeFunction('drawn', (text: string) => waits.get(text)?.(performance.now()))
  await page.evaluate(
    `new MutationObserver(() => drawn(/mark \\d+/.exec(document.querySelector('#live-now').textContent)?.[0] ?? '')).observe(document.querySelector('#live-now'), { childList: true, subtree: true })`,
  )
  const waits = new Map<string, (at: number) => void>()
  const latencies: number[] = []
  const trips: number[] = []
  for (let index = 0; index < Number(values.events); index++) {
    const asked = performance.now()
    await page.evaluate('1')
    trips.push(performance.now() - asked)
    const seen = new Promise<number>((resolve) => waits.set(`mark ${index}`, resolve))
    const from = performance.now()
    append(waiting(`mark ${index}`))
    latencies.push((await seen) - from)
  }
  print('from appended to drawn', latencies)
  print('an empty round trip of the browser', trips)
  process.stdout.write(`${(median(latencies) / median(trips)).toFixed(1)} round trips\n`)
} finally {
  await browser[Symbol.asyncDispose]()
  stopping.abort()
  await server.close(1_000)
  rmSync(state, { recursive: true, force: true })
}

function print(what: string, all: readonly number[]): void {
  process.stdout.write(
    `${what.padEnd(40)} median ${median(all).toFixed(1)} ms, slowest of ${all.length} ${Math.max(...all).toFixed(1)} ms\n`,
  )
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
}
