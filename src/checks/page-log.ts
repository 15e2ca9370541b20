import type { Page, Request } from 'playwright-core'

const MOST = 50
const LONGEST = 500

/** What a page complained about while it loaded; bounded, because a page may complain for ever. */
export class PageLog {
  readonly #consoleErrors: string[] = []
  readonly #failedRequests: string[] = []
  readonly #open = new Set<Request>()
  readonly #networkChange = Promise.withResolvers<void>()

  constructor(page: Page) {
    const keep = (list: string[], line: string) => void (list.length < MOST && list.push(line.slice(0, LONGEST)))
    page.on('console', (message) => {
      if (message.type() === 'error') keep(this.#consoleErrors, message.text())
    })
    page.on('pageerror', (error) => keep(this.#consoleErrors, error.message))
    page.on('request', (request) => void this.#open.add(request))
    page.on('requestfinished', (request) => void this.#open.delete(request))
    page.on('requestfailed', (request) => {
      this.#open.delete(request)
      keep(this.#failedRequests, `${request.method()} ${request.url()}: ${request.failure()?.errorText ?? 'failed'}`)
      if (this.networkChanged) this.#networkChange.resolve()
    })
    page.on('response', (response) => {
      if (response.status() >= 400)
        keep(this.#failedRequests, `${response.request().method()} ${response.url()}: ${response.status()}`)
    })
  }

  /** True when Chromium gave up a request because an interface of the machine came or went, as they do with every container. */
  get networkChanged(): boolean {
    return this.#failedRequests.some((line) => line.includes('ERR_NETWORK_CHANGED'))
  }

  /** Resolves when that happens; a page that is opened may then wait for ever. */
  get networkChange(): Promise<void> {
    return this.#networkChange.promise
  }

  /** Requests without an end yet. */
  get pending(): number {
    return this.#open.size
  }

  masked(mask: (text: string) => string): { consoleErrors: string[]; failedRequests: string[] } {
    return { consoleErrors: this.#consoleErrors.map(mask), failedRequests: this.#failedRequests.map(mask) }
  }

  lines(): string[] {
    return [
      ...this.#consoleErrors.map((line) => `console: ${line}`),
      ...this.#failedRequests.map((line) => `request: ${line}`),
    ]
  }
}
