import type { Ctx } from '../../public/ctx.ts'
import { chromiumOptions } from './chromium.ts'

/** Gives a page of a fresh browser to the recipe's function, and takes a picture of where it left it. */
export async function takePicture(show: (page: unknown, ctx: Ctx) => unknown, ctx: Ctx, file: string): Promise<void> {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch(chromiumOptions())
  try {
    const viewport = { width: 1280, height: 800 }
    const page = await browser.newPage({ baseURL: ctx.baseUrl, ignoreHTTPSErrors: true, viewport })
    await show(page, ctx)
    await page.screenshot({ path: file, animations: 'disabled' })
  } finally {
    await browser.close()
  }
}
