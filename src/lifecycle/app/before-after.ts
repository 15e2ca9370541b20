import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { comparePictures, pngSize } from '../../checks/visual-difference.ts'
import { messageOf } from '../../lib/errors.ts'
import type { RunContext } from '../context.ts'
import { browserOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'

/** Ours, and the one that the recipe's own `screenshot` function left. */
const PICTURES = ['', '-own'] as const

/**
 * Compares the pictures of before and after an upgrade, where both are there. What differs is information: nothing here decides a tier,
 * and a comparison that fails is a note. `once more` takes our picture again, to tell what changes by itself.
 */
export async function compareBeforeAfter(
  context: RunContext,
  reporter: TierReporter,
  onceMore: (file: string) => Promise<void>,
): Promise<void> {
  for (const which of PICTURES) {
    try {
      await comparePair(context, reporter, { which, onceMore: which === '' ? onceMore : null })
    } catch (error) {
      context.signal.throwIfAborted()
      const [why = ''] = messageOf(error).split('\n')
      reporter.note(`the pictures before and after were not compared: ${why}`)
    }
  }
}

interface Pair {
  readonly which: (typeof PICTURES)[number]
  readonly onceMore: ((file: string) => Promise<void>) | null
}

async function comparePair(context: RunContext, reporter: TierReporter, { which, onceMore }: Pair): Promise<void> {
  const { folder, signal } = context
  const picture = (name: string) => join(folder.artifacts, `${name}${which}.png`)
  const files = { before: picture('install'), after: picture('upgrade'), difference: picture('upgrade-difference') }
  if (!existsSync(files.before) || !existsSync(files.after)) return
  const [before, after] = [readFileSync(files.before), readFileSync(files.after)]
  const browser = await browserOf(context)
  let found = await comparePictures(browser, { before, after }, signal)
  if (found.changed > 0 && onceMore) {
    const again = await pictureAgain(context, onceMore)
    if (again) found = await comparePictures(browser, { before, after, again }, signal)
  }
  if (found.picture) writeFileSync(files.difference, found.picture)
  const name = (file: string) => relative(folder.dir, file)
  reporter.evidence({
    kind: 'visual-difference',
    before: name(files.before),
    after: name(files.after),
    difference: found.picture ? name(files.difference) : null,
    size: { before: pngSize(before) ?? [], after: pngSize(after) ?? [] },
    changedPixels: found.changed,
    changedShare: found.changed / Math.max(1, found.compared),
    volatileShare: found.volatile / Math.max(1, found.compared + found.volatile),
  })
}

async function pictureAgain({ folder }: RunContext, onceMore: (file: string) => Promise<void>): Promise<Buffer | null> {
  const into = join(folder.tmp, 'again')
  mkdirSync(into, { recursive: true, mode: 0o700 })
  const file = join(into, 'page.png')
  await onceMore(file)
  return existsSync(file) ? readFileSync(file) : null
}
