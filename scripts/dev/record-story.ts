import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { readEvents } from '../../src/verdict/event-log.ts'

/**
 * `node scripts/dev/record-story.ts RUN_FOLDER`: keeps a run for the stories (`test/stories/recorded/RECIPE`): its events, logs and pictures, with another origin
 * and host. Refuses a run whose events or logs name a path of this machine otherwise.
 */
const [given] = process.argv.slice(2)
if (given === undefined) fail('usage: node scripts/dev/record-story.ts RUN_FOLDER')
const folder = resolve(given)
const file = join(folder, 'events.ndjson')
const header = readEvents(file).find((event) => event.type === 'run.started')
if (header?.type !== 'run.started') fail(`${file} has no beginning of a run`)
const { recipe, run } = header
const into = join(import.meta.dirname, '..', '..', 'test', 'stories', 'recorded', recipe.name)
const kept = ['events.ndjson', ...globSync(['logs/**/*.log', 'artifacts/**/*.png'], { cwd: folder })]
for (const path of kept) {
  const to = join(into, path)
  mkdirSync(dirname(to), { recursive: true })
  if (path.endsWith('.png')) cpSync(join(folder, path), to)
  else writeFileSync(to, anonymous(path, readFileSync(join(folder, path), 'utf8')))
}
process.stdout.write(`${kept.length} files in ${into}\n`)

function anonymous(path: string, text: string): string {
  const shown = text
    .replaceAll(recipe.origin, `https://git.example.org/coop/${recipe.name}.git`)
    .replaceAll(`"host":${JSON.stringify(run.host)}`, '"host":"builder"')
  const own = [run.host, homedir(), `${tmpdir()}/`, process.cwd(), folder].find((one) => shown.includes(one))
  if (own !== undefined) fail(`${path} names ${own}: it cannot be kept as it is`)
  return shown
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}
