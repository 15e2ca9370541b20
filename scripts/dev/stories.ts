import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ASSETS } from '../../src/server/http/pages/layout.ts'
import { STORIES } from '../../test/stories/stories.ts'

/**
 * `npm run stories [-- --out FOLDER]`: writes every page of the server and the report file in every state, with fixed data, as files to open from disk: no server,
 * no engine. `index.html` lists them. Default: `stories/`, which git ignores.
 */
const { values } = parseArgs({ options: { out: { type: 'string', default: 'stories' } } })
const out = resolve(values.out)
rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
for (const { path, text } of ASSETS) writeFileSync(join(out, path), text)
const names = Object.keys(STORIES)
for (const [name, make] of Object.entries(STORIES)) {
  const story = make()
  writeFileSync(join(out, `${name}.html`), 'report' in story ? story.report : besideAssets(story.page('story').text))
}
const links = names.map((name) => `<li><a href="${name}.html">${name}</a></li>`).join('\n')
writeFileSync(join(out, 'index.html'), `<!doctype html><meta charset="utf-8"><title>Stories</title><ul>${links}</ul>\n`)
process.stdout.write(`${names.length} stories: ${join(out, 'index.html')}\n`)

/** Assets lie beside the page, wherever that is. */
function besideAssets(text: string): string {
  return ASSETS.reduce((page, { path }) => page.replace(`"${path}"`, `".${path}"`), text)
}
