import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { execOk } from '../../../src/lib/process/exec.ts'
import { recordedRuns } from '../../stories/recorded.ts'
import { STORIES } from '../../stories/stories.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'

const WIDTHS = [360, 800, 1280]
const SCHEMES = ['light', 'dark'] as const

let out = ''
let browser: TestBrowser
beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'cc-ci-stories-'))
  const script = join(import.meta.dirname, '..', '..', '..', 'scripts', 'dev', 'stories.ts')
  const args = ['--disable-warning=ExperimentalWarning', script, '--out', out]
  await execOk(process.execPath, args, { timeoutMs: 300_000 })
  browser = await startBrowser()
})
afterAll(async () => {
  await browser[Symbol.asyncDispose]()
  rmSync(out, { recursive: true, force: true })
})

async function opened(scheme: (typeof SCHEMES)[number], name: string, use: (page: Page) => Promise<void>) {
  // The rules are put into the page, which a report forbids.
  const visitor = await browser.visitor({ bypassCSP: true })
  const page = await visitor.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  await page.emulateMedia({ colorScheme: scheme })
  await page.goto(`file://${out}/${name}.html`)
  await use(page)
  await visitor.close()
  expect(errors).toEqual([])
}

test('a failed test has the width of a phone for what it says', async () => {
  await opened('light', 'report-test-failed', async (page) => {
    await page.setViewportSize({ width: 360, height: 900 })
    const widths = await page.evaluate<number[]>(
      "[...document.querySelectorAll('details[open] td > pre')].map((one) => one.getBoundingClientRect().width)",
    )
    expect(widths.length).toBeGreaterThan(0)
    expect(Math.min(...widths)).toBeGreaterThan(250)
  })
})

describe.each(SCHEMES)('%s', (scheme) => {
  it.each(Object.keys(STORIES))('%s fits three widths, and axe finds nothing serious', async (name) => {
    await opened(scheme, name, async (page) => {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
        expect(over, `${width} px`).toBeLessThanOrEqual(0)
      }
      await page.addScriptTag({ content: axe.source })
      const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
        `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.slice(0, 3).map(({ html }) => ({ html })) })))`,
      )
      expect(found.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
    })
  })
})

/** Does it work, what broke, whose move, since when, what to do. */
const ANSWERS = ['.verdict', '.lead h2', '.lead .message', ...[1, 2, 3].map((nth) => `.lead dd:nth-of-type(${nth})`)]

describe('a red run answers the five questions of a reviewer without scrolling', () => {
  const recorded = recordedRuns().filter(({ results }) => results.verdict !== 'pass')
  const red = ['run-fail-since', 'run-running-red', 'run-two-attempts', ...recorded.map(({ name }) => `run-${name}`)]
  it.each(red)('%s, at 1200 × 900', async (name) => {
    await opened('light', name, async (page) => {
      await page.setViewportSize({ width: 1200, height: 900 })
      const ends = await page.evaluate<Record<string, number>>(
        `Object.fromEntries(${JSON.stringify(ANSWERS)}.map((part) => [part, document.querySelector(part)?.getBoundingClientRect().bottom ?? null]))`,
      )
      for (const [part, bottom] of Object.entries(ends)) expect(bottom, part).toBeLessThanOrEqual(900)
    })
  })
})
