import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { openBrowser } from '../../src/browser/open.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { Engine } from '../../src/engine/client.ts'
import { machineBrowser } from '../../src/machine/browser.ts'
import { whichProgram } from '../../src/machine/packages.ts'

/**
 * `node scripts/bench/browser.ts [ROUNDS]`: a browser in its container against Chromium of this machine as root without a sandbox, in turns: opening it, its
 * first page, a second page with a picture, closing it. Medians in ms, and the ratio.
 */
const ROUNDS = Number(process.argv[2] ?? 7)
const DOMAIN = 'app.ci.test'
const PAGE = `<title>Bench</title><h1>Hello</h1>${'<p>Some words of a page.</p>'.repeat(200)}`

const root = await mkdtemp(join(tmpdir(), 'cc-ci-bench-browser-'))
const { certificate: cert, key } = await makeCertificate()
const server = createServer({ cert, key }, (_request, response) =>
  response.setHeader('content-type', 'text/html').end(PAGE),
)
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const engine = await Engine.connect()
const kind = await machineBrowser(engine)

interface Opened {
  newContext(): Promise<BrowserContext>
  close(): Promise<void>
}

const KINDS: Readonly<Record<string, (round: number) => Promise<Opened>>> = {
  async machine(round) {
    const context = await chromium.launchPersistentContext(join(root, `profile-${round}`), {
      executablePath: whichProgram('chromium') ?? 'chromium',
      args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP ${DOMAIN}:443 127.0.0.1:${port}`],
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 800 },
    })
    return { newContext: async () => context, close: () => context.close() }
  },
  container: (round) =>
    openBrowser(engine, {
      edge: { host: '127.0.0.1', httpsPort: port, httpPort: null, apiPort: null, ca: null },
      ...{
        kind,
        domain: DOMAIN,
        runId: 'bench',
        prefix: `bench-${process.pid}-${round}`,
        folder: join(root, 'browser'),
      },
    }),
}

const STEPS = ['open', 'first page', 'second page', 'close'] as const
const times = new Map<string, number[]>()

async function timed<T>(name: string, act: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  const value = await act()
  times.set(name, [...(times.get(name) ?? []), performance.now() - begun])
  return value
}

async function look(browser: Opened): Promise<void> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`https://${DOMAIN}/`)
  await page.screenshot({ path: join(root, 'page.png'), animations: 'disabled' })
  await page.close()
}

for (let round = 0; round < ROUNDS; round++) {
  for (const [name, open] of Object.entries(KINDS)) {
    const browser = await timed(`${name} open`, () => open(round))
    await timed(`${name} first page`, () => look(browser))
    await timed(`${name} second page`, () => look(browser))
    await timed(`${name} close`, () => browser.close())
  }
}

const median = (name: string) => {
  const sorted = (times.get(name) ?? []).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
for (const step of STEPS) {
  const [machine, container] = [median(`machine ${step}`), median(`container ${step}`)]
  const ratio = (container / machine).toFixed(2)
  console.log(
    `${step.padEnd(12)} machine ${machine.toFixed(0)} ms, container ${container.toFixed(0)} ms, ratio ${ratio}`,
  )
}
server.close()
server.closeAllConnections()
await rm(root, { recursive: true, force: true })
