import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Browser } from '../../src/browser/open.ts'
import { errorPage } from '../../src/checks/broken-page.ts'
import { readPage } from '../../src/checks/page-content.ts'
import { PAGE_SIGNS, type PageFacts, pageSignOf } from '../../src/checks/page-signs.ts'
import { boxedBrowser } from '../checks/boxed-browser.ts'
import { ERROR_PAGES, LOOK_ALIKES } from '../checks/error-pages.ts'

describe('in a real browser', () => {
  let browser: Browser
  let page: Page
  let root: string

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'cc-ci-signs-'))
    browser = await boxedBrowser({ domain: 'app.ci.test', folder: join(root, 'browser') })
    page = await (await browser.newContext()).newPage()
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await rm(root, { recursive: true, force: true })
  })

  const look = async (document: string) => {
    await page.setContent(document)
    return readPage(page)
  }

  it.each(ERROR_PAGES)('knows %s by %s', async (_, sign, document) => {
    expect(pageSignOf(await look(document))?.id).toBe(sign)
  })

  it.each(LOOK_ALIKES)('takes %s for what it is', async (_, document) => {
    expect(pageSignOf(await look(document))).toBeNull()
  })
})

it('has a page for every sign', () => {
  const shown = new Set(ERROR_PAGES.map(([, sign]) => sign))
  expect(PAGE_SIGNS.map(({ id }) => id).filter((id) => !shown.has(id))).toEqual([])
})

it('lets no single text decide', () => {
  const fields = ['title', 'heading', 'opening', 'ending', 'lines', 'mark', 'longest'] as const
  for (const sign of PAGE_SIGNS.filter(({ weight }) => weight === 'decisive')) {
    const says = sign.says ? 1 : 0
    expect(fields.filter((field) => sign[field] !== undefined).length + says, sign.id).toBeGreaterThanOrEqual(2)
  }
})

it('matches no page that is empty', () => {
  expect(pageSignOf({ title: '', headings: [], text: '', marks: [] })).toBeNull()
})

describe('errorPage', () => {
  const facts = (text: string): PageFacts => ({ title: '', headings: [], text, marks: [] })
  const judged = (status: number, text: string, allowed: readonly number[] = []) => {
    const look = facts(text)
    const found = errorPage({ status, allowed, url: 'https://a/', sign: pageSignOf(look), look })
    return found && [found.code, found.message]
  }

  it.each([
    ['a good page', 200, 'hello', null],
    [
      'an error with 200',
      200,
      'Bad Gateway',
      ['error-page', 'the page at https://a/ is nothing but the name of an error, though its status is 200'],
    ],
    ['nothing there: told, not judged', 404, 'Cannot GET /', null],
    ['a login', 401, 'Who are you?', null],
    [
      'an error with its status',
      500,
      'Something broke',
      ['http-wrong-status', 'the app answers a browser at https://a/ with 500'],
    ],
    [
      'a known error with its status',
      502,
      'Bad Gateway',
      ['http-wrong-status', 'the app answers a browser at https://a/ with 502: nothing but the name of an error'],
    ],
    ['a default page', 200, 'It works!', null],
  ])('%s', (_, status, text, expected) => {
    expect(judged(status, text)).toEqual(expected)
  })

  it('holds a status that the recipe allows for good', () => {
    expect(judged(503, 'Set me up first', [200, 503])).toBeNull()
  })
})
