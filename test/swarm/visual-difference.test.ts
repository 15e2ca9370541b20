import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Browser } from '../../src/browser/open.ts'
import { comparePictures, pngSize } from '../../src/checks/visual-difference.ts'
import { boxedBrowser } from '../checks/boxed-browser.ts'

let browser: Browser
let root: string
const signal = new AbortController().signal

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'cc-ci-difference-'))
  browser = await boxedBrowser({ domain: 'app.ci.test', folder: join(root, 'browser') })
}, 60_000)
afterAll(async () => {
  await browser?.close()
  await rm(root, { recursive: true, force: true })
})

/** A page of 400 × 300 with squares of 10 × 10 at these places. */
async function pictured(squares: readonly (readonly [x: number, y: number])[], height = 300): Promise<Buffer> {
  const page = await (await browser.newContext()).newPage()
  await page.setViewportSize({ width: 400, height })
  const boxes = squares.map(
    ([x, y]) => `<i style="position:absolute;left:${x}px;top:${y}px;width:10px;height:10px;background:#000"></i>`,
  )
  await page.setContent(`<body style="margin:0;background:#fff">${boxes.join('')}`)
  const png = await page.screenshot()
  await page.close()
  return png
}

it('finds nothing between two pictures of the same', async () => {
  const [before, after] = [await pictured([[20, 20]]), await pictured([[20, 20]])]
  expect(await comparePictures(browser, { before, after }, signal)).toEqual({
    ...{ changed: 0, compared: 400 * 300, volatile: 0, picture: null },
  })
})

it('counts what differs, and shows it', async () => {
  const [before, after] = [
    await pictured([[20, 20]]),
    await pictured([
      [20, 20],
      [200, 100],
    ]),
  ]
  const { changed, picture } = await comparePictures(browser, { before, after }, signal)
  expect(changed).toBe(100)
  expect(picture && pngSize(picture)).toEqual([400, 300])
  const red = await comparePictures(browser, { before: after, after: picture as Buffer }, signal)
  expect(red.changed).toBeGreaterThan(100)
  if (process.env.KEEP_SCREENSHOTS) await writeFile(join(process.env.KEEP_SCREENSHOTS, 'difference.png'), picture ?? '')
})

it('leaves out what changes by itself, and what is near to it', async () => {
  const before = await pictured([
    [20, 20],
    [300, 200],
  ])
  const [after, again] = [await pictured([[40, 20]]), await pictured([[60, 20]])]
  const { changed, volatile } = await comparePictures(browser, { before, after, again }, signal)
  expect(changed).toBe(100)
  expect(volatile).toBe(7 * 256)
})

it('counts as changed what only one of two sizes has', async () => {
  const [before, after] = [await pictured([]), await pictured([], 350)]
  const { changed, compared, picture } = await comparePictures(browser, { before, after }, signal)
  expect([changed, compared]).toEqual([400 * 50, 400 * 350])
  expect(picture && pngSize(picture)).toEqual([400, 350])
})

it('refuses what is no picture, and what is too large to decode', async () => {
  const good = await pictured([])
  const large = Buffer.from(good)
  large.writeUInt32BE(60_000, 16)
  await expect(comparePictures(browser, { before: good, after: large }, signal)).rejects.toThrow('60000 × 300 pixels')
  await expect(comparePictures(browser, { before: good, after: Buffer.from('GIF89a') }, signal)).rejects.toThrow(
    'no PNG',
  )
})
