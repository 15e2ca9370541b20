import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Operation } from '../../public/ctx.ts'
import { INSIDE } from '../../sandbox/contract.ts'
import type { RunContext } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { callFunction } from './function.ts'
import { sandboxOf } from './sandbox.ts'

const LIMITS = { maxBytes: 16 * 1024 * 1024, maxFiles: 1 }

/** Has the recipe's `screenshot` function act on a page, and keeps the picture of where it ended. */
export async function ownScreenshot(context: RunContext, reporter: TierReporter, op: Operation): Promise<void> {
  const { folder } = context
  const inside = `${INSIDE.artifacts}/screenshot-${reporter.tier}`
  const called = await callFunction(context, reporter, 'screenshot', {
    op,
    env: { CC_CI_SCREENSHOT: `${inside}/page.png` },
  })
  if (!called.called) return
  const into = join(folder.tmp, 'screenshot', reporter.tier)
  mkdirSync(into, { recursive: true, mode: 0o700 })
  await (await sandboxOf(context)).fetch(inside, into, LIMITS)
  const picture = join(into, 'page.png')
  if (existsSync(picture)) copyFileSync(picture, join(folder.artifacts, `${reporter.tier}-own.png`))
}
