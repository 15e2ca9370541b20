import type { ConsoleMessage, Page, Request, Response } from 'playwright-core'

const MOST = 50
const LONGEST = 500

/** A request of the page that brought nothing. */
export interface FailedRequest {
  /** `GET https://app.ci.test/main.js: 404`. */
  readonly line: string
  readonly url: string
  /** Playwright's word for what it was for: `script`, `stylesheet`, `image`, `fetch`, ... */
  readonly type: string
}

/** An address of plain http that a page under https asks for. */
export interface InsecureRequest {
  readonly url: string
  /** `Script`, `Image`, `Form`, ...: Chromium's word. */
  readonly type: string
  /** False where Chromium asked for it by https instead, or only warns. */
  readonly blocked: boolean
}

/** What a page complained about while it loaded; bounded, because a page may complain forever. */
export class PageLog {
  readonly failures: FailedRequest[] = []
  readonly consoleErrors: string[] = []
  /** Exceptions that no code of the page caught. */
  readonly uncaught: string[] = []
  readonly insecure = new Map<string, InsecureRequest>()
  readonly #open = new Set<Request>()

  /** Listens from now on: before the page is opened. */
  static async on(page: Page): Promise<PageLog> {
    const log = new PageLog(page)
    const session = await page.context().newCDPSession(page)
    session.on('Audits.issueAdded', ({ issue }) => {
      const mixed = issue.details.mixedContentIssueDetails
      if (!mixed || log.insecure.size >= MOST) return
      const { insecureURL: url, resourceType: type = 'Resource', resolutionStatus } = mixed
      log.insecure.set(url, { url, type, blocked: resolutionStatus === 'MixedContentBlocked' })
    })
    await session.send('Audits.enable')
    return log
  }

  private constructor(page: Page) {
    page.on('console', (message) => this.#onConsole(message))
    page.on('pageerror', (error) => {
      keep(this.uncaught, error.message)
      keep(this.consoleErrors, error.message)
    })
    page.on('request', (request) => void this.#open.add(request))
    page.on('requestfinished', (request) => void this.#open.delete(request))
    page.on('requestfailed', (request) => {
      this.#open.delete(request)
      this.#failed(request, request.failure()?.errorText ?? 'failed')
    })
    page.on('response', (response) => {
      const wrong = whatIsWrong(response)
      if (wrong !== null) this.#failed(response.request(), wrong)
    })
  }

  /** Requests without an end yet. */
  get pending(): number {
    return this.#open.size
  }

  lines(): string[] {
    return [
      ...this.consoleErrors.map((line) => `console: ${line}`),
      ...this.failures.map(({ line }) => `request: ${line}`),
    ]
  }

  /** Chromium says for every request that failed, without its address, that one failed: the list of requests says it better. */
  #onConsole(message: ConsoleMessage): void {
    const text = message.text()
    if (message.type() === 'error' && !text.startsWith('Failed to load resource:')) keep(this.consoleErrors, text)
  }

  #failed(request: Request, why: string): void {
    if (this.failures.length >= MOST) return
    const url = request.url().slice(0, LONGEST)
    this.failures.push({ line: `${request.method()} ${url}: ${why}`, url, type: request.resourceType() })
  }
}

function keep(list: string[], line: string): void {
  if (list.length < MOST) list.push(line.slice(0, LONGEST))
}

/** An app that answers every unknown address with its start page answers a missing script with it too, and with 200. */
function whatIsWrong(response: Response): string | null {
  const status = response.status()
  if (status >= 400) return String(status)
  const type = response.headers()['content-type'] ?? ''
  const isCode = ['script', 'stylesheet'].includes(response.request().resourceType())
  return isCode && status === 200 && /^text\/html\b/i.test(type) ? `${status}, but a page instead of code` : null
}
