import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import axe from 'axe-core'
import { ASSETS } from '../../src/server/http/pages/layout.ts'
import { fold } from '../../src/verdict/fold.ts'
import { startBrowser } from '../../test/server/support/browser.ts'
import { pageOfRun } from '../../test/stories/stories.ts'
import { randomRun } from './pages/random-run.ts'

/**
 * `node scripts/prove/pages.ts [--runs 200] [--seed 1] [--out FOLDER]`: draws the page of so many generated runs, of every outcome and with hostile and long texts, at three
 * widths in both schemes. Counts pages that are wider than the window, and what axe finds serious; writes contact sheets to look at, and exits with 1 where it
 * counted anything.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string', default: 'stories/generated' },
  },
})
const WIDTHS = [360, 800, 1280]
const SCHEMES = ['light', 'dark'] as const
const PER_SHEET = 24
const out = resolve(values.out)
const dir = mkdtempSync(join(tmpdir(), 'cc-ci-pages-'))
const [style] = ASSETS.filter(({ path }) => path.endsWith('.css'))
mkdirSync(out, { recursive: true })
const browser = await startBrowser()
const faults: string[] = []
try {
  const visitor = await browser.visitor({ bypassCSP: true, javaScriptEnabled: true })
  const page = await visitor.newPage()
  const shots: string[] = []
  for (let index = 0; index < Number(values.runs); index++) {
    const text = pageOfRun(fold(randomRun(Number(values.seed) + index)))('generated').text
    const file = join(dir, `${index}.html`)
    writeFileSync(file, text.replace(/<link rel="stylesheet"[^>]*>/, `<style>${style?.text ?? ''}</style>`))
    for (const scheme of SCHEMES) {
      await page.emulateMedia({ colorScheme: scheme })
      await page.goto(`file://${file}`)
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        if (over > 0) faults.push(`run ${index}, ${width} px, ${scheme}: ${over} px too wide`)
        if (index % WIDTHS.length === WIDTHS.indexOf(width) && index % SCHEMES.length === SCHEMES.indexOf(scheme))
          shots.push((await page.screenshot()).toString('base64'))
      }
      await page.addScriptTag({ content: axe.source })
      const found = await page.evaluate<string[]>(
        `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id))`,
      )
      faults.push(...found.map((id) => `run ${index}, ${scheme}: axe ${id}`))
    }
  }
  for (let from = 0; from < shots.length; from += PER_SHEET) {
    const images = shots.slice(from, from + PER_SHEET).map((shot) => `<img src="data:image/png;base64,${shot}">`)
    await page.setViewportSize({ width: 1800, height: 1200 })
    await page.setContent(
      `<style>body{margin:8px;background:#888;display:grid;grid-template-columns:repeat(6,1fr);gap:8px;align-items:start}img{width:100%}</style>${images.join('')}`,
    )
    await page.screenshot({ path: join(out, `sheet-${from / PER_SHEET + 1}.png`), fullPage: true })
  }
  process.stdout.write(
    `${values.runs} runs at ${WIDTHS.join(', ')} px in both schemes: ${faults.length} faults; sheets in ${out}\n${faults.slice(0, 20).join('\n')}\n`,
  )
} finally {
  await browser[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
}
process.exitCode = faults.length > 0 ? 1 : 0
