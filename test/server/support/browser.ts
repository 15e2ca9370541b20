import { type Browser, type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core'
import { whichProgram } from '../../../src/machine/packages.ts'

/** A real Chromium, for what only a browser decides: which cookies go where. */
export class TestBrowser implements AsyncDisposable {
  readonly #browser: Browser

  constructor(browser: Browser) {
    this.#browser = browser
  }

  /** Somebody who has never been here: no cookies. */
  visitor(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return this.#browser.newContext(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close()
  }
}

/** Throws where there is none: `npm run setup` installs it. */
export async function startBrowser(): Promise<TestBrowser> {
  const executablePath = whichProgram('chromium')
  if (executablePath === null) throw new Error('Chromium is missing: npm run setup')
  // Root has no user namespaces to lock pages into; nothing foreign is visited.
  return new TestBrowser(await chromium.launch({ executablePath, chromiumSandbox: false }))
}
