import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import type { EdgeAddress } from '../edge/address.ts'
import { InfraError, messageOf } from '../lib/errors.ts'

export interface BrowserOptions {
  readonly edge: EdgeAddress
  /** Path of a chromium. */
  readonly executable: string
  /** The only host name that resolves, with those below it; everything else does not exist for the pages. */
  readonly domain: string
  /** A folder of the run for the browser's profile: made here, removed by `close`. */
  readonly profile: string
}

/** One browser for one run. `close` ends its processes; they also end by themselves when this process does. */
export interface Browser {
  readonly context: BrowserContext
  close(): Promise<void>
}

/** As root in a container, without a GPU, and without any request of the browser's own. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-default-apps',
]

/** Starts the browser. Throws InfraError `browser-failed`. */
export async function openBrowser({ edge, executable, domain, profile }: BrowserOptions): Promise<Browser> {
  const { chromium } = await import('playwright-core')
  await mkdir(profile, { recursive: true })
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      artifactsDir: join(profile, '..', 'browser-artifacts'),
      args: [...QUIET, `--host-resolver-rules=${resolverRules(domain, edge)}`],
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 800 },
      serviceWorkers: 'block',
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      timeout: 60_000,
    })
    return {
      context,
      async close() {
        await context.close()
        await rm(profile, { recursive: true, force: true, maxRetries: 3 })
      },
    }
  } catch (error) {
    await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    const [first = 'no reason given'] = messageOf(error).split('\n')
    throw new InfraError('browser-failed', `the browser ${executable} did not start: ${first}`, {
      hint: "Run 'cc-ci doctor' to check the browser.",
      cause: error,
    })
  }
}

/** Chromium's rules, first match first: the app's domain and all below it are the edge, nothing else exists. */
export function resolverRules(domain: string, { host, httpsPort, httpPort }: EdgeAddress): string {
  const address = host.includes(':') ? `[${host}]` : host
  const rules = [domain, `*.${domain}`].flatMap((name) => [
    `MAP ${name}:443 ${address}:${httpsPort}`,
    ...(httpPort === null ? [] : [`MAP ${name}:80 ${address}:${httpPort}`]),
  ])
  return [...rules, 'MAP * ~NOTFOUND'].join(', ')
}
