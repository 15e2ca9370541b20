import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { ansiLine } from '../../src/report/html/ansi.ts'
import { htmlDocument } from '../../src/report/html/document.ts'
import { html } from '../../src/report/html/markup.ts'
import { summaryText } from '../../src/report/terminal/summary.ts'
import { ASSETS } from '../../src/server/http/pages/layout.ts'
import { startBrowser } from '../../test/server/support/browser.ts'
import { recordedRun } from '../../test/stories/recorded.ts'
import { STORIES } from '../../test/stories/stories.ts'

/** `npm run pictures`: makes the pictures of the README again, from stories with fixed data and a recorded run. Needs a Chromium, no engine. */
const OUT = join(import.meta.dirname, '..', '..', 'docs', 'pictures')
const PICTURES = [
  { file: 'overview.png', text: () => story('overview'), width: 1200, height: 760, scheme: 'light' },
  { file: 'run-page.png', text: () => story('run-ill-after-the-update'), width: 1200, height: 900, scheme: 'light' },
  { file: 'running.png', text: () => story('run-running'), width: 1200, height: 640, scheme: 'dark' },
  { file: 'terminal.png', text: terminal, width: 960, height: 640, scheme: 'dark' },
] as const

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-pictures-'))
const browser = await startBrowser()
try {
  for (const { file, text, width, height, scheme } of PICTURES) {
    const source = join(dir, `${file}.html`)
    writeFileSync(source, text())
    const page = await (
      await browser.visitor({ viewport: { width, height }, colorScheme: scheme, javaScriptEnabled: false })
    ).newPage()
    await page.goto(`file://${source}`)
    await page.screenshot({ path: join(OUT, file) })
    process.stdout.write(`made: docs/pictures/${file}\n`)
  }
} finally {
  await browser[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
}

function story(name: string): string {
  const made = STORIES[name]?.()
  if (!made || !('page' in made)) throw new Error(`no page ${name}`)
  const [style] = ASSETS.filter(({ path }) => path.endsWith('.css'))
  return made.page('picture').text.replace(/<link rel="stylesheet"[^>]*>/, `<style>${style?.text ?? ''}</style>`)
}

/** What the end of a run says on a terminal. */
function terminal(): string {
  const text = summaryText(recordedRun('short-lives').results, { color: true, width: 104, reportPath: 'report.html' })
  const lines = text.trimEnd().split('\n')
  if (lines.every((line) => stripVTControlCharacters(line) === line)) throw new Error('the summary has no colours')
  return htmlDocument({
    title: 'terminal',
    header: html``,
    main: html`<pre class="screen">$ cc-ci test ./short-lives
${lines.map((line) => html`${ansiLine(line)}\n`)}</pre>`,
    footer: html``,
    style: '.screen { background: #0e1217; font-size: 0.9rem; white-space: pre; overflow: hidden; }',
  })
}
