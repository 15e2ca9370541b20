import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mapLimit } from '../../src/lib/async/map-limit.ts'
import { openWorkshop, type Workshop } from '../cli/cc-ci.ts'
import { git } from './throwaway.ts'

const CORPUS = join(import.meta.dirname, 'corpus')
const NAMES = readdirSync(CORPUS).sort()
/** What is beside a recipe for these tests only. */
const OURS = ['golden.json', 'refused.txt', 'lint.json', 'tags.json']

interface Linted {
  readonly recipe: string
  readonly errors: number
  readonly warnings: number
  readonly unreadable: boolean
  readonly rows: readonly {
    readonly id: string
    readonly severity: string
    readonly subject: string
    readonly where?: string
    readonly ok: boolean
    readonly skipped?: boolean
    readonly message: string
  }[]
}

let dir = ''
let workshop: Workshop
beforeAll(async () => {
  workshop = openWorkshop()
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-corpus-'))
  await mapLimit(availableParallelism(), NAMES, publish)
})
afterAll(async () => {
  await workshop[Symbol.asyncDispose]()
  rmSync(dir, { recursive: true, force: true })
})

/** The recipe as a repository of its own, with its tags on two commits. */
async function publish(name: string): Promise<void> {
  const to = join(dir, name)
  cpSync(join(CORPUS, name), to, {
    recursive: true,
    filter: (path) => !OURS.includes(path.slice(to.length - dir.length + CORPUS.length + 1)),
  })
  await git(to, 'init', '--quiet')
  await git(to, 'add', '-A')
  await git(to, 'commit', '--quiet', '--message', 'first')
  for (const { tag, annotated } of tagsOf(name))
    await git(to, 'tag', ...(annotated ? ['--annotate', '--message', tag] : []), tag)
}

function tagsOf(name: string): { tag: string; annotated: boolean }[] {
  const file = join(CORPUS, name, 'tags.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

/** `lint.json` beside each recipe says what of it breaks a rule. Write all of them again, to be read before they are committed, by `CC_CI_RECORD=1`. */
test('lint says of every recipe what is wrong with it, and of none more', async () => {
  const { exitCode, stdout, stderr } = await workshop.run(['lint', '--all', dir, '--json'])
  expect(stderr).toBe('')
  expect(exitCode).toBe(2)
  const linted = JSON.parse(stdout) as Linted[]
  expect(linted.map(({ recipe }) => recipe)).toEqual(NAMES)
  const found = Object.fromEntries(linted.map((one) => [one.recipe, brokenIn(one)]))
  if (process.env.CC_CI_RECORD === '1')
    for (const [name, rows] of Object.entries(found))
      writeFileSync(lintFile(name), `${JSON.stringify(rows, null, 2)}\n`)
  expect(found).toEqual(
    Object.fromEntries(NAMES.map((name) => [name, JSON.parse(readFileSync(lintFile(name), 'utf8'))])),
  )
})

const lintFile = (name: string) => join(CORPUS, name, 'lint.json')

function brokenIn({ rows }: Linted): string[] {
  return rows
    .filter(({ ok, skipped }) => !ok && !skipped)
    .map(({ severity, id, where, subject, message }) => `${severity} ${id} ${where ?? subject}: ${message}`)
}

test('a recipe is planned unless lint says that it cannot be read', async () => {
  const planned = await mapLimit(availableParallelism(), NAMES, async (name) => {
    const { exitCode, stderr } = await workshop.run(['plan', join(dir, name), '--json'])
    return [name, exitCode, stderr.split('\n')[0]] as const
  })
  const wrong = planned.filter(([name, exitCode]) => exitCode !== (isReadable(name) ? 0 : 2))
  expect(wrong).toEqual([])
})

/** A stack without an app can be read and not be deployed by the operators' client. */
function isReadable(name: string): boolean {
  const rows = JSON.parse(readFileSync(lintFile(name), 'utf8')) as string[]
  return !rows.some((row) => /^error (CC00|R009) /.test(row))
}

test('the table has a line for each recipe and counts them', async () => {
  const few = join(dir, '.few')
  mkdirSync(few)
  for (const name of ['social-overlays', 'ports', 'yaml-tabs']) symlinkSync(join(dir, name), join(few, name))
  mkdirSync(join(few, 'no-repository'))
  cpSync(join(CORPUS, 'plain', 'compose.yml'), join(few, 'no-repository', 'compose.yml'))
  mkdirSync(join(few, 'no-recipe'))
  const { exitCode, stdout } = await workshop.run(['lint', '--all', few])
  expect(exitCode).toBe(2)
  expect(stdout.replaceAll(few, 'DIR').split('\n')).toEqual([
    'recipe           errors  warnings  first',
    expect.stringMatching(
      /^no-repository {9}1 {9}– {2}DIR\/no-repository is not a git repository .*\[not-a-repository\]$/,
    ),
    expect.stringMatching(/^ports {17}1 {9}3 {2}CC08 compose\.yml:5:5: service app publishes a port of the host: /),
    expect.stringMatching(/^social-overlays {7}– {9}2 {2}R002 compose\.search\.yml:6:3: has no health check$/),
    expect.stringMatching(/^yaml-tabs {13}1 {9}1 {2}CC00 compose\.yml:4:1: Tabs are not allowed as indentation$/),
    '',
    '4 recipes: 1 without errors, 1 with errors, 2 cannot be read',
    '',
  ])
})

test.each([
  [
    'a folder without recipes',
    ['lint', '--all', join(CORPUS, 'plain')],
    /no folder in .+ has a compose\.yml or is a git repository/,
  ],
  ['a file', ['lint', '--all', join(CORPUS, 'plain', 'compose.yml')], /compose\.yml is no folder/],
  ['a recipe beside it', ['lint', join(CORPUS, 'plain'), '--all', CORPUS], /both .+ and --all .+ are named/],
])('%s is refused', async (_what, args, words) => {
  const { exitCode, stdout, stderr } = await workshop.run(args)
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(words)
})
