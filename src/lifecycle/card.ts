import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { type Browser, openBrowser } from '../browser/open.ts'
import { pngSize } from '../checks/visual-difference.ts'
import { CancelledError, DeadlineError, messageOf } from '../lib/errors.ts'
import { fold } from '../verdict/fold.ts'
import type { Results } from '../verdict/results.ts'
import type { RunContext } from './context.ts'
import type { RunFolder } from './run-folder.ts'

/** A picture of the app in the card, and after which tier it was taken. */
interface CardPicture {
  /** PNG, as a `data:` URI. */
  readonly uri: string
  readonly tier: string
}

/** How a card looks. */
export interface CardDesign {
  readonly size: { readonly width: number; readonly height: number }
  /** HTML that needs nothing else. */
  page(results: Results, picture: CardPicture | null): string
}

/** Until the page is pictured, once there is a browser; the start of that has a deadline of its own. */
const RENDER_MS = 20_000
const MOST_BYTES = 1_500_000
/** Of the app's picture: one with more is left out. */
const MOST_PICTURE = { bytes: 4_000_000, pixels: 16_000_000 }

/**
 * Pictures the result, in a browser of its own: that of the run is gone, and the verdict is known only now. It can change nothing of the verdict: what goes wrong is a
 * note. False: something may be left on the engine.
 */
export async function drawCard(
  { plan, host, folder, events, runSignal }: RunContext,
  { size, page }: CardDesign,
): Promise<boolean> {
  const file = join(folder.artifacts, 'card.png')
  rmSync(file, { force: true })
  if (runSignal.aborted) return true
  let browser: Browser | null = null
  try {
    browser = await openBrowser(host.engine.home, {
      ...{ edge: host.edge, kind: host.browser, runId: plan.app.runId, prefix: plan.app.stack },
      // Nothing but the page itself is looked at: no name leads anywhere.
      ...{ domain: 'card.invalid', folder: join(folder.tmp, 'card') },
    })
    const results = fold(events.all())
    const picture = appPicture(folder)
    const png = await renderPng(browser, size, page(results, picture), runSignal)
    const card =
      png.length > MOST_BYTES && picture ? await renderPng(browser, size, page(results, null), runSignal) : png
    if (card.length > MOST_BYTES) throw new RangeError(`it has ${card.length} bytes`)
    writeFileSync(file, card)
  } catch (error) {
    events.append({ type: 'note', text: `no card: ${messageOf(error)}` })
  }
  try {
    await browser?.close()
    return true
  } catch (error) {
    events.append({ type: 'note', text: `the browser of the card is not removed: ${messageOf(error)}` })
    return false
  }
}

async function renderPng(
  browser: Browser,
  viewport: CardDesign['size'],
  html: string,
  signal: AbortSignal,
): Promise<Buffer> {
  const context = await browser.newContext()
  const over = new AbortController()
  const late = after(RENDER_MS, undefined, { signal: AbortSignal.any([signal, over.signal]) }).then(
    () =>
      Promise.reject(
        new DeadlineError('browser-silent', `the browser did not picture it within ${RENDER_MS / 1000} s`),
      ),
    () => Promise.reject(new CancelledError()),
  )
  const shot = async () => {
    const tab = await context.newPage()
    await tab.setViewportSize(viewport)
    await tab.setContent(html, { timeout: RENDER_MS })
    return tab.screenshot({ type: 'png', timeout: RENDER_MS })
  }
  try {
    return await Promise.race([shot(), late])
  } finally {
    over.abort()
    await late.catch(() => undefined)
    await context.close()
  }
}

/** The newest one that a run takes of its app, the recipe's own before ours, the last attempt's before the first's. */
function appPicture({ artifacts, dir }: RunFolder): CardPicture | null {
  const folders = [join(dir, 'artifacts', 'attempt-2'), artifacts]
  const names = ['upgrade', 'install'].flatMap((tier) => [`${tier}-own`, tier].map((name) => ({ tier, name })))
  for (const { tier, path } of folders.flatMap((at) =>
    names.map(({ tier, name }) => ({ tier, path: join(at, `${name}.png`) })),
  )) {
    const png = existsSync(path) ? readFileSync(path) : null
    const [width, height] = (png && pngSize(png)) ?? [0, 0]
    const fits = png && png.length <= MOST_PICTURE.bytes && width * height <= MOST_PICTURE.pixels
    if (fits && width > 0) return { tier, uri: `data:image/png;base64,${png.toString('base64')}` }
  }
  return null
}
