import type { BrowserContext, Page } from 'playwright-core'
import type { Browser } from '../browser/open.ts'
import { systemClock } from '../lib/async/clock.ts'
import { type OnWaiting, waitFor } from '../lib/async/wait.ts'
import { messageOf } from '../lib/errors.ts'
import { isNoSpace } from '../lib/files/no-space.ts'
import { type Cause, type CauseCode, cause } from '../verdict/causes.ts'
import type { CheckOutcome, Finding } from '../verdict/events.ts'
import type { Evidence } from '../verdict/evidence.ts'
import { blankPage, errorPage, redirectLoop } from './broken-page.ts'
import { currentState, type OpenResult, openPage } from './open-page.ts'
import { isBlank, type PageContent } from './page-content.ts'
import { elsewhereFindings, pageFindings } from './page-findings.ts'
import { PageLog } from './page-log.ts'
import { pageSignOf } from './page-signs.ts'
import { PageTrail, trailLines } from './page-trail.ts'
import { proxyAnswer } from './proxy-answer.ts'
import { settlePage } from './settle-page.ts'

export interface SmokeOptions {
  readonly url: string
  /** Absolute path of the PNG to write. */
  readonly screenshotFile: string
  /** How evidence names the screenshot: relative to the run folder. Default: screenshotFile. */
  readonly screenshotName?: string
  /** A selector that must be visible before the page is judged. */
  readonly waitFor?: string
  /** Statuses of 500 and more that are good all the same. Default: none. */
  readonly allowed?: readonly number[]
  /** For loading the page, and again for its standing still; after it nothing is looked at again. */
  readonly timeoutMs: number
  /** For how long an error page or a circle is looked at again, within the deadline. Default: 12 s. */
  readonly brokenForMs?: number
  readonly signal: AbortSignal
  readonly mask: (text: string) => string
  readonly onWaiting?: OnWaiting
}

export interface SmokeResult {
  readonly outcome: CheckOutcome
  readonly evidence?: Extract<Evidence, { kind: 'page' | 'page-elsewhere' }>
  readonly cause?: Cause
  readonly findings?: readonly Finding[]
}

/** Loading, standing still, and what the browser itself needs on a busy machine: a slow browser is no fault of the app. */
const STEPS = 3
/** An app that has just started may show an error, or send the browser round, for a moment; one that still does then is broken. */
const BROKEN_FOR_MS = 12_000

/** A result and, where another look may well see something else, why, and for how long it is worth looking. */
interface Attempt {
  readonly result: SmokeResult
  readonly again?: string
  /** Default: the deadline. */
  readonly forMs?: number
}

/**
 * Opens the page in a real browser, waits until it stands still, takes a picture and says what can be seen. The proxy loses a route for
 * about a second after an update, which is looked at again until the deadline, because it is no answer of the app. An error page
 * and a circle of redirects are looked at again for a while.
 */
export async function smoke(browser: Browser, options: SmokeOptions): Promise<SmokeResult> {
  const { timeoutMs, signal, onWaiting } = options
  const begun = systemClock.now()
  let last: SmokeResult | undefined
  const look = async () => {
    const { result, again, forMs = timeoutMs } = await attempt(browser, options)
    last = result
    return again && systemClock.now() - begun < Math.min(forMs, timeoutMs)
      ? { state: 'waiting' as const, reason: again }
      : { state: 'ready' as const, value: result }
  }
  const waited = await waitFor<SmokeResult, never>(look, {
    wait: 'browser',
    timeoutMs: STEPS * timeoutMs,
    signal,
    onWaiting,
  })
  if (waited.state === 'ready') return waited.value
  return (
    last ?? {
      outcome: 'unverified',
      cause: cause('screenshot-failed', 'the browser did not answer before the deadline'),
    }
  )
}

async function attempt(browser: Browser, options: SmokeOptions): Promise<Attempt> {
  let context: BrowserContext | undefined
  let crashed = false
  const close = () => void context?.close().catch(() => undefined)
  options.signal.addEventListener('abort', close, { once: true })
  try {
    context = await browser.newContext()
    const page = await context.newPage()
    page.once('crash', () => {
      crashed = true
    })
    const found = await judge(page, options)
    return ((crashed || browser.lost) && (await lostBrowser(browser, options))) || found
  } catch (error) {
    options.signal.throwIfAborted()
    // A full disk has a cause of its own.
    if (isNoSpace(error)) throw error
    const [message = ''] = messageOf(error).split('\n')
    const result: SmokeResult = { outcome: 'unverified', cause: cause('screenshot-failed', options.mask(message)) }
    return (await lostBrowser(browser, options)) ?? { result }
  } finally {
    options.signal.removeEventListener('abort', close)
    await context?.close().catch(() => undefined)
  }
}

/** What one look at the page goes by. */
interface Sight {
  readonly page: Page
  readonly log: PageLog
  readonly trail: PageTrail
  readonly options: SmokeOptions
}

/** What became of the browser, where that is why there is nothing to see. */
async function lostBrowser(browser: Browser, { url, mask }: SmokeOptions): Promise<Attempt | null> {
  const loss = await browser.loss()
  if (!loss) return null
  if (!loss.memory) {
    return {
      result: { outcome: 'unverified', cause: cause('screenshot-failed', mask(`the browser ended: ${loss.why}`)) },
    }
  }
  const message = mask(`the page at ${url} was ended for lack of memory: ${loss.why}`)
  return { result: { outcome: 'fail', cause: cause('page-memory', message) } }
}

async function judge(page: Page, options: SmokeOptions): Promise<Attempt> {
  const { url, screenshotFile, timeoutMs } = options
  const sight: Sight = { page, trail: new PageTrail(page), log: await PageLog.on(page), options }
  const { trail, log } = sight
  const opened = await openPage(sight, url, timeoutMs)
  if (opened.state !== 'page') return await noPage(sight, opened)
  const { look, still } = await settlePage(page, log, trail, options)
  const stands = currentState(page, trail, { url, timeIsOver: !still })
  if (stands.state !== 'page') return await noPage(sight, stands)
  await page.screenshot({ path: screenshotFile, animations: 'disabled', timeout: 15_000 })
  const status = trail.last?.status ?? 0
  if (proxyAnswer({ status, body: look.text }, false)) {
    const again = `the proxy answers ${status} itself`
    // A router was there when the app answered before: one that is missing now may come back.
    const message = `the browser shows the proxy's own ${status} page`
    const result = fails(sight, cause('proxy-fallback', message, { deterministic: false }))
    return { result, again }
  }
  return judgePage(sight, look)
}

/** There is no page to look at: a fault, or a place outside of the app that a run cannot look at. */
async function noPage(sight: Sight, opened: Exclude<OpenResult, { state: 'page' }>): Promise<Attempt> {
  const { page, trail, options } = sight
  switch (opened.state) {
    case 'circle': {
      // Chromium does not close a page that keeps opening others.
      await page.route('**/*', (route) => route.abort())
      const why = redirectLoop(trail, opened.by)
      return { result: fails(sight, why), again: why.message, forMs: options.brokenForMs ?? BROKEN_FOR_MS }
    }
    case 'elsewhere':
      return { result: leftAt(sight, opened.to) }
    case 'login-dialog':
      return { result: leftAt(sight, null) }
    case 'none':
      return { result: fails(sight, cause('http-not-serving', `the browser got no page: ${opened.why}`)) }
  }
}

/** The way of the browser ends outside of what can be looked at, and the app led it there: to another host, or (null) to a dialog. */
function leftAt({ trail, options: { url, mask } }: Sight, to: string | null): SmokeResult {
  const why = to === null ? 'a dialog for a name and a password' : 'another host, which a run cannot reach'
  const end = mask(to ?? trail.last?.url ?? url)
  return {
    outcome: 'pass',
    evidence: { kind: 'page-elsewhere', from: mask(url), to: end, why, way: trailLines(trail).map(mask) },
    findings: masked(elsewhereFindings({ url, trail, to }), mask),
  }
}

function judgePage(sight: Sight, look: PageContent): Attempt {
  const { trail, log, options } = sight
  const { url, allowed = [] } = options
  const sign = pageSignOf(look)
  const findings = masked(pageFindings({ url, log, trail, sign }), options.mask)
  const status = trail.last?.status ?? 0
  const broken = errorPage({ status, allowed, url, sign, look })
  if (broken)
    return {
      result: { ...fails(sight, broken), findings },
      again: broken.message,
      forMs: options.brokenForMs ?? BROKEN_FOR_MS,
    }
  if (isBlank(look)) return { result: { ...fails(sight, blankPage({ url, status, log, look })), findings } }
  return { result: { outcome: 'pass', evidence: evidenceOf(sight, look), findings } }
}

function evidenceOf({ page, log, trail, options }: Sight, { title, text, elements }: PageContent) {
  const { mask } = options
  const way = trail.stops.length > 1 ? { way: trailLines(trail).map(mask) } : {}
  return {
    kind: 'page',
    url: mask(page.url()),
    title: mask(title),
    status: trail.last?.status ?? 0,
    textLength: text.length,
    elements,
    consoleErrors: log.consoleErrors.map(mask),
    failedRequests: log.failures.map(({ line }) => mask(line)),
    ...way,
    screenshot: options.screenshotName ?? options.screenshotFile,
  } as const
}

/** A failure with what the page said meanwhile, masked. */
function fails({ log, trail, options: { mask } }: Sight, why: Cause): SmokeResult {
  const way = trail.stops.length > 1 && why.code !== ('redirect-loop' satisfies CauseCode) ? trailLines(trail) : []
  const lines = [...why.lines, ...way, ...log.lines()].map(mask)
  return { outcome: 'fail', cause: { ...why, message: mask(why.message), lines } }
}

function masked(findings: readonly Finding[], mask: (text: string) => string): Finding[] {
  return findings.map((finding) => ({ ...finding, message: mask(finding.message) }))
}
