import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { toolVersion } from '../../src/lib/version.ts'

const DOCS = join(import.meta.dirname, '..', '..', 'docs')
const FOLDER = join(DOCS, 'examples', 'ci')
const EXAMPLES = readdirSync(FOLDER).map((name) => ({ name, text: readFileSync(join(FOLDER, name), 'utf8') }))
const GUIDE = readFileSync(join(DOCS, 'guide', 'ci-systems.md'), 'utf8')

test('the guide shows the example files as they are, and no others', () => {
  const shown = [...GUIDE.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text]) => text)
  expect(shown.sort()).toEqual(EXAMPLES.map(({ text }) => text).sort())
  expect(EXAMPLES.length).toBeGreaterThan(0)
})

test.each(EXAMPLES)('$name clones with history and keeps what the run gives', ({ name, text }) => {
  const file = parse(text)
  const steps: Record<string, unknown>[] = name.startsWith('gitea') ? file.jobs.test.steps : [file.steps.test]
  const commands = steps.flatMap(({ run, commands = [] }) => run ?? (commands as string[]))
  expect(commands.at(-1)).toMatch(/^cc-ci test .+ --results \S+/)
  const clone = name.startsWith('gitea') ? file.jobs.test.steps[0].with['fetch-depth'] : file.clone.git.settings.depth
  expect(clone).toBe(0)
  const image = file.jobs?.test.container?.image ?? file.steps?.test.image
  if (/container|docker/.test(name)) expect(image).toBe(`cc-ci/ci:${toolVersion()}`)
  if (name.startsWith('gitea')) expect(steps.at(-1)).toMatchObject({ if: 'always()', with: { path: 'cc-ci-results' } })
})
