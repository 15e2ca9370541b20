import type { Browser } from '../browser/open.ts'
import { waitFor } from '../lib/async/wait.ts'
import { DeadlineError } from '../lib/errors.ts'
import { COMPARE } from './visual-difference-page.ts'

export interface Pictures {
  /** PNG. */
  readonly before: Buffer
  readonly after: Buffer
  /** The same version as `after`, pictured once more: what differs between these two changes by itself and is left out. */
  readonly again?: Buffer
}

export interface VisualDifference {
  /** Pixels that differ, those that only one picture has included. */
  readonly changed: number
  /** Pixels that were compared. */
  readonly compared: number
  /** Pixels left out because they change by themselves. */
  readonly volatile: number
  /** PNG: the picture after, faded, with what differs in red on pale red and what was left out in blue; null where nothing differs. */
  readonly picture: Buffer | null
}

/** A picture with more pixels is not compared: decoding it would take more memory than a picture is worth. */
const MOST_PIXELS = 16_000_000
const DEADLINE_MS = 30_000

/**
 * Compares pictures in the browser of the run, which made them and can decode them: no library is needed, and what a recipe's own
 * code pictured is decoded where strange files are at home. Rejects when one is no PNG, is too large, or the browser does not answer.
 */
export async function comparePictures(
  browser: Browser,
  { before, after, again }: Pictures,
  signal: AbortSignal,
): Promise<VisualDifference> {
  for (const picture of [before, after, ...(again ? [again] : [])]) refuseTooLarge(picture)
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    const pictures = [before, after, again ?? null].map((png) => png?.toString('base64') ?? null)
    const compare = async () => {
      const value = await page.evaluate<Answer>(`(${COMPARE})(${JSON.stringify(pictures)})`)
      return { state: 'ready' as const, value }
    }
    const waited = await waitFor<Answer, never>(compare, {
      name: 'the pictures to be compared',
      timeoutMs: DEADLINE_MS,
      signal,
    })
    if (waited.state !== 'ready')
      throw new DeadlineError(
        'browser-silent',
        `the browser did not compare the pictures within ${DEADLINE_MS / 1000} s`,
        {
          hint: 'Open both pictures of the run folder side by side; no tier depends on the comparison.',
        },
      )
    const { picture, ...counts } = waited.value
    return { ...counts, picture: picture === null ? null : Buffer.from(picture, 'base64') }
  } finally {
    await context.close()
  }
}

interface Answer {
  readonly changed: number
  readonly compared: number
  readonly volatile: number
  readonly picture: string | null
}

/** Width and height from the head of a PNG; null when it is none. */
export function pngSize(png: Buffer): [width: number, height: number] | null {
  const isPng = png.length > 24 && png.toString('latin1', 1, 4) === 'PNG'
  return isPng ? [png.readUInt32BE(16), png.readUInt32BE(20)] : null
}

function refuseTooLarge(png: Buffer): void {
  const size = pngSize(png)
  if (!size) throw new TypeError('a picture is no PNG')
  const [width, height] = size
  if (width * height > MOST_PIXELS)
    throw new RangeError(`a picture of ${width} × ${height} pixels is too large to compare`)
}
