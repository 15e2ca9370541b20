import type { Page } from 'playwright-core'
import { messageOf } from '../lib/errors.ts'
import type { PageTrail } from './page-trail.ts'

/** How opening an address ended. */
export type OpenResult =
  | { readonly state: 'page' }
  /** The same places again and again: by the app's answers, or by the page itself. */
  | { readonly state: 'circle'; readonly by: 'answers' | 'page' }
  /** The browser was sent to a host that is not the app's, where it cannot go. */
  | { readonly state: 'elsewhere'; readonly to: string }
  /** A dialog of the browser asks for a name and a password: nothing of the app is shown before. */
  | { readonly state: 'login-dialog' }
  /** The browser's words for why there is no page. */
  | { readonly state: 'none'; readonly why: string }

/** An app that sends the browser to http again and again is asked for so many https addresses in its place. */
const MOST_UPGRADES = 5

/**
 * Opens an address until its document is there. Where the app sends the browser to plain http of its own domain and the edge has no
 * such port, the same address is opened by https, as the proxy of an operator would send the browser back to it.
 */
export async function openPage(
  { page, trail }: { page: Page; trail: PageTrail },
  url: string,
  timeout: number,
): Promise<OpenResult> {
  let next = url
  for (let turn = 0; ; turn++) {
    const why = await load({ page, trail }, next, timeout)
    const there = why === null || isStillLoading(trail, url, why)
    const opened = there ? currentState(page, trail, { url, timeIsOver: why !== null }) : whyNot(trail, url, why)
    const plain = opened.state === 'none' ? plainOwn(trail, url) : null
    if (plain === null) return opened
    if (turn >= MOST_UPGRADES) return { state: 'circle', by: 'answers' }
    // The browser's own error page comes a moment after the error, and would take the place of what is opened next.
    await page.waitForURL('chrome-error://chromewebdata/', { timeout, waitUntil: 'commit' })
    next = plain
  }
}

/** Null when there is a document, otherwise the browser's words. */
async function load(
  { page, trail }: { page: Page; trail: PageTrail },
  url: string,
  timeout: number,
): Promise<string | null> {
  const circled = trail.circled.then(() => null)
  const loaded = page.goto(url, { waitUntil: 'domcontentloaded', timeout }).then(
    (response) => (response ? null : 'no response'),
    (error: unknown) => {
      if (page.isClosed()) throw error
      const [message = ''] = messageOf(error).split('\n')
      return /Timeout/.test(message) ? message : (trail.failure ?? message)
    },
  )
  // A page that loads itself again at once never lets the first load end; closing the page then ends it.
  loaded.catch(() => undefined)
  return Promise.race([loaded, circled])
}

/**
 * True for a document of the app that is there, and whose own scripts did not come or run in time: what can be seen of it decides. Big apps take that long on
 * a busy machine.
 */
function isStillLoading({ last }: PageTrail, url: string, why: string): boolean {
  return /Timeout/.test(why) && last?.arrived === true && isOwnAddress(last.url, url)
}

/** Where a page stands that was opened, which may have gone elsewhere by itself since. `timeIsOver`: it never stood still. */
export function currentState(
  page: Page,
  trail: PageTrail,
  { url, timeIsOver }: { url: string; timeIsOver: boolean },
): OpenResult {
  if (trail.isCircle(timeIsOver)) return { state: 'circle', by: byWhom(trail) }
  return page.url().startsWith('chrome-error:')
    ? whyNot(trail, url, trail.failure ?? 'no reason given')
    : { state: 'page' }
}

function whyNot(trail: PageTrail, url: string, why: string): OpenResult {
  if (trail.isCircle(/Timeout/.test(why)) || why.includes('ERR_TOO_MANY_REDIRECTS'))
    return { state: 'circle', by: byWhom(trail) }
  if (trail.last && !isOwnAddress(trail.last.url, url)) return { state: 'elsewhere', to: trail.last.url }
  if (why.includes('ERR_INVALID_AUTH_CREDENTIALS')) return { state: 'login-dialog' }
  return { state: 'none', why }
}

function byWhom({ stops }: PageTrail): 'answers' | 'page' {
  return stops.slice(1).every(({ redirected }) => redirected) ? 'answers' : 'page'
}

/** True for the domain of the app and every host below it. */
export function isOwnAddress(url: string, app: string): boolean {
  if (!URL.canParse(url)) return false
  const [host, domain] = [new URL(url).hostname, new URL(app).hostname]
  return host === domain || host.endsWith(`.${domain}`)
}

/** The https address in place of the one by plain http where the way ended, or null. */
function plainOwn({ last }: PageTrail, app: string): string | null {
  if (!last || last.status !== null || !last.url.startsWith('http://') || !isOwnAddress(last.url, app)) return null
  return last.url.replace(/^http:/, 'https:')
}
