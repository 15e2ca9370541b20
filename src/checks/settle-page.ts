import type { Page } from 'playwright-core'
import { type OnWaiting, waitFor } from '../lib/async/wait.ts'
import { isBlank, NO_CONTENT, type PageContent, readPage } from './page-content.ts'
import type { PageLog } from './page-log.ts'
import type { PageTrail } from './page-trail.ts'

export interface SettlePageOptions {
  /** A selector that must be visible before the page is judged. */
  readonly waitFor?: string
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly onWaiting?: OnWaiting
}

/** A page that shows nothing, asks for nothing and does not change for so many looks is blank. */
const QUIET_LOOKS = 10
/** The same for a page with scripts: on a small machine an app may compute for seconds before it draws anything. While it loads something it is not blank yet. */
const SCRIPTED_LOOKS = 30
const LOOK_EVERY_MS = 300
/** A page that was replaced by another so often, by itself, may continue doing so: it must stand still for longer. */
const RESTLESS = 3

export interface SettledPage {
  readonly look: PageContent
  /** False when the deadline came first, and `look` is what was seen last. */
  readonly still: boolean
}

/**
 * Looks until something is visible and two looks at the same document agree while nothing is being loaded, or the page stays blank, or it
 * goes in a circle.
 */
export async function settlePage(
  page: Page,
  log: PageLog,
  trail: PageTrail,
  options: SettlePageOptions,
): Promise<SettledPage> {
  const { timeoutMs, signal, onWaiting } = options
  let last = NO_CONTENT
  let document = 0
  let same = 0
  const look = async () => {
    // A page that is replaced all the time may never answer a look.
    const now = await Promise.race([readPage(page), trail.circled.then(() => last)])
    const unchanged = document === trail.count && JSON.stringify(now) === JSON.stringify(last)
    same = unchanged ? same + 1 : 0
    last = now
    document = trail.count
    if (trail.isCircle()) return { state: 'ready' as const, value: now }
    const wanted = options.waitFor === undefined || (await page.locator(options.waitFor).first().isVisible())
    const still = same >= looksNeeded(now, { log, trail, wanted })
    if (still && (wanted || isBlank(now))) return { state: 'ready' as const, value: now }
    return { state: 'waiting' as const, reason: isBlank(now) ? 'the page is still blank' : 'the page still changes' }
  }
  const waited = await waitFor<PageContent, never>(look, {
    wait: 'page-still',
    timeoutMs,
    everyMs: LOOK_EVERY_MS,
    signal,
    onWaiting,
  })
  return waited.state === 'ready' ? { look: waited.value, still: true } : { look: last, still: false }
}

function looksNeeded(
  now: PageContent,
  { log, trail, wanted }: { log: PageLog; trail: PageTrail; wanted: boolean },
): number {
  if (isBlank(now) && now.scripts > 0) return log.pending > 0 ? Number.POSITIVE_INFINITY : SCRIPTED_LOOKS
  const restless = trail.stops.filter(({ redirected }) => !redirected).length >= RESTLESS
  return isBlank(now) || !wanted || restless || log.pending > 0 ? QUIET_LOOKS : 2
}
