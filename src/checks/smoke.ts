import type { Page } from 'playwright-core'
import { systemClock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { type WaitOptions, waitFor } from '../lib/wait.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { CheckOutcome } from '../verdict/events.ts'
import type { Evidence } from '../verdict/evidence.ts'
import type { Browser } from './browser.ts'
import { PageLog } from './page-log.ts'
import { isBlank, lookAtPage, type PageLook } from './page-look.ts'
import { proxyAnswer } from './proxy-answer.ts'

export interface SmokeOptions {
  readonly url: string
  /** Absolute path of the PNG to write. */
  readonly screenshotFile: string
  /** How evidence names the screenshot: relative to the run folder. Default: screenshotFile. */
  readonly screenshotName?: string
  /** A selector that must be visible before the page is judged. */
  readonly waitFor?: string
  /** For loading the page, and again for its standing still; after it nothing is looked at anew. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
  readonly mask: (text: string) => string
  readonly onWaiting?: WaitOptions['onWaiting']
}

export interface SmokeResult {
  readonly outcome: CheckOutcome
  readonly evidence?: Extract<Evidence, { kind: 'page' }>
  readonly cause?: Cause
}

/** A page that shows nothing, asks for nothing and does not change for so many looks is blank. */
const QUIET_LOOKS = 10
/** The same for a page with scripts: on a small machine an app may compute for seconds before it draws anything. */
const SCRIPTED_LOOKS = 30
const LOOK_EVERY_MS = 300
/** Loading, standing still, and what the browser itself needs on a busy machine: a slow browser is no fault of the app. */
const STEPS = 3

/** A result and, where another look may well see something else, why: such an answer is not the app's. */
interface Attempt {
  readonly result: SmokeResult
  readonly again?: string
}

/**
 * Opens the page in a real browser, waits until it stands still, takes a picture and says what can be seen. The proxy loses a route for
 * about a second after an update, and Chromium gives up loading when any network interface of the machine comes or goes: both
 * are looked at anew until the deadline, because neither is an answer of the app.
 */
export async function smoke(browser: Browser, options: SmokeOptions): Promise<SmokeResult> {
  const { deadlineMs, signal, onWaiting } = options
  const begun = systemClock.now()
  let last: SmokeResult | undefined
  const look = async () => {
    const { result, again } = await attempt(browser, options)
    last = result
    return again && systemClock.now() - begun < deadlineMs
      ? { state: 'waiting' as const, reason: again }
      : { state: 'ready' as const, value: result }
  }
  const waited = await waitFor<SmokeResult, never>(look, {
    name: 'a browser to see the app',
    deadlineMs: STEPS * deadlineMs,
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

async function attempt({ context }: Browser, options: SmokeOptions): Promise<Attempt> {
  let page: Page | undefined
  const close = () => void page?.close().catch(() => undefined)
  options.signal.addEventListener('abort', close, { once: true })
  try {
    page = await context.newPage()
    return await judge(page, options)
  } catch (error) {
    options.signal.throwIfAborted()
    // A full disk has a cause of its own.
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') throw error
    const [message = ''] = messageOf(error).split('\n')
    return { result: { outcome: 'unverified', cause: cause('screenshot-failed', options.mask(message)) } }
  } finally {
    options.signal.removeEventListener('abort', close)
    await page?.close().catch(() => undefined)
  }
}

async function judge(page: Page, options: SmokeOptions): Promise<Attempt> {
  const { url, screenshotFile, deadlineMs, mask } = options
  const log = new PageLog(page)
  // A router was there when the app answered before: one that is missing now may come back.
  const failed = (code: 'http-not-serving' | 'proxy-fallback' | 'blank-page', message: string): SmokeResult => ({
    outcome: 'fail',
    cause: cause(code, message, {
      lines: log.lines().map(mask),
      ...(code === 'proxy-fallback' ? { deterministic: false } : {}),
    }),
  })
  const status = await open(page, log, url, deadlineMs)
  if (log.networkChanged && typeof status === 'string') return networkChanged()
  if (typeof status === 'string')
    return { result: failed('http-not-serving', `the browser got no page: ${mask(status)}`) }
  const look = await settle(page, log, options)
  await page.screenshot({ path: screenshotFile, animations: 'disabled', timeout: 15_000 })
  if (proxyAnswer({ status, body: look.text }, false)) {
    const again = `the proxy answers ${status} itself`
    return { result: failed('proxy-fallback', `the browser shows the proxy's own ${status} page`), again }
  }
  if (log.networkChanged) return networkChanged()
  if (isBlank(look)) return { result: failed('blank-page', `a browser shows nothing at ${url}`) }
  const { title, text, elements } = look
  const { consoleErrors, failedRequests } = log.masked(mask)
  const screenshot = options.screenshotName ?? screenshotFile
  const evidence = {
    kind: 'page',
    url: page.url(),
    title: mask(title),
    textLength: text.length,
    elements,
    consoleErrors,
    failedRequests,
    screenshot,
  } as const
  return { result: { outcome: 'pass', evidence: { ...evidence, url: mask(evidence.url) } } }
}

function networkChanged(): Attempt {
  const message = 'the page did not load whole, because network interfaces of this machine kept changing'
  const result: SmokeResult = { outcome: 'unverified', cause: cause('screenshot-failed', message) }
  return { result, again: 'a network interface of this machine changed' }
}

/** The status of the page itself, or the browser's words when there is none. */
async function open(page: Page, log: PageLog, url: string, timeout: number): Promise<number | string> {
  try {
    const loaded = page.goto(url, { waitUntil: 'domcontentloaded', timeout }).then((response) => response?.status())
    const changed = log.networkChange.then(() => 'a network interface changed')
    return (await Promise.race([loaded, changed])) ?? 'no response'
  } catch (error) {
    if (page.isClosed()) throw error
    return messageOf(error).split('\n')[0] ?? ''
  }
}

/** Looks until something is visible and two looks agree while nothing is being loaded, or the page stays blank. */
async function settle(page: Page, log: PageLog, options: SmokeOptions): Promise<PageLook> {
  let last = await lookAtPage(page)
  let same = 0
  const { deadlineMs, signal, onWaiting } = options
  const look = async () => {
    const now = await lookAtPage(page)
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0
    last = now
    const wanted = options.waitFor === undefined || (await page.locator(options.waitFor).first().isVisible())
    const still = same >= looksNeeded(now, log, wanted)
    if (still && (wanted || isBlank(now))) return { state: 'ready' as const, value: now }
    return { state: 'waiting' as const, reason: isBlank(now) ? 'the page is still blank' : 'the page still changes' }
  }
  const waited = await waitFor<PageLook, never>(look, {
    name: 'the page to stand still',
    deadlineMs,
    everyMs: LOOK_EVERY_MS,
    signal,
    onWaiting,
  })
  return waited.state === 'ready' ? waited.value : last
}

function looksNeeded(now: PageLook, log: PageLog, wanted: boolean): number {
  if (isBlank(now) && now.scripts > 0) return SCRIPTED_LOOKS
  return isBlank(now) || !wanted || log.pending > 0 ? QUIET_LOOKS : 2
}
