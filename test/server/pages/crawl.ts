import type { Hono } from 'hono'

export interface CrawledPage {
  readonly status: number
  readonly text: string
  /** From the request to the whole text, in ms. */
  readonly ms: number
}

/** No pages: they lead elsewhere, or are files. */
const LEFT_OUT = /^\/(?:login|logout|api\/)|^\/runs\/[^/?]+\/(?!log\/)./

/**
 * Every page that links lead to from the front page, by its path with the query. `most`: so many pages of one kind (`/runs/ID`, `/runs?…`) are
 * followed; default: all.
 */
export async function crawl(app: Hono, most = Number.POSITIVE_INFINITY): Promise<ReadonlyMap<string, CrawledPage>> {
  const pages = new Map<string, CrawledPage>()
  const kinds = new Map<string, number>()
  const waiting = ['/']
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const kind = kindOf(path)
    const before = kinds.get(kind) ?? 0
    if (pages.has(path) || before >= most) continue
    kinds.set(kind, before + 1)
    const begun = performance.now()
    const answer = await app.request(path)
    const text = withoutNonce(await answer.text())
    pages.set(path, { status: answer.status, text, ms: performance.now() - begun })
    waiting.push(...linksIn(text))
  }
  return pages
}

/** `/runs/20261129-120000-aaaaaa` is a `/runs/ID`, `/reports/2026-W48` a `/reports/ID`. */
export function kindOf(path: string): string {
  const [place = '', query] = path.split('?')
  const [, first = '', ...rest] = place.split('/')
  return `/${first}${rest.map((part) => (part === '' ? '' : '/ID')).join('')}${query === undefined ? '' : '?…'}`
}

function linksIn(text: string): string[] {
  const links = [...text.matchAll(/<a\s[^>]*href="(\/[^"#]*)/g)].map(([, link = '']) => link.replaceAll('&amp;', '&'))
  return links.filter((link) => !LEFT_OUT.test(link))
}

/** It is another one in each answer. */
function withoutNonce(text: string): string {
  return text.replace(/ nonce="[^"]*"/g, '')
}
