import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { afterAll, describe, expect, it } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { LAUNCHER, openWorkshop } from './cc-ci.ts'

const NO_SERVER = ['--server', 'http://127.0.0.1:1']

/** Every command in forms that need no engine; RECIPE is the folder of one. The status is the one with a reader, with or without output. */
const COMMANDS: readonly (readonly [string, number])[] = [
  ['--help', EXIT.pass],
  ['help plan', EXIT.pass],
  ['nonsense', EXIT.usage],
  ['test --help', EXIT.pass],
  ['test ./nowhere --json -', EXIT.usage],
  ['plan RECIPE', EXIT.pass],
  ['plan RECIPE --base all-minors', EXIT.pass],
  ['approve RECIPE', EXIT.pass],
  ['lint RECIPE', EXIT.pass],
  ['init RECIPE --dry-run', EXIT.pass],
  ['doctor --help', EXIT.pass],
  ['nodes drain --help', EXIT.pass],
  ['nodes activate --help', EXIT.pass],
  ['engine', EXIT.usage],
  ['engine up --help', EXIT.pass],
  ['engine down --help', EXIT.pass],
  ['engine status', EXIT.pass],
  ['gc --runs --dry-run', EXIT.pass],
  ['runs', EXIT.pass],
  ['runs nosuch', EXIT.usage],
  ['ab --help', EXIT.pass],
  ['sweep --help', EXIT.pass],
  ['report', EXIT.unverified],
  ['canonicals', EXIT.pass],
  ['explain', EXIT.pass],
  ['selftest --list', EXIT.pass],
  ['serve --help', EXIT.pass],
  [`enroll --list ${NO_SERVER.join(' ')}`, EXIT.usage],
  [`reindex ${NO_SERVER.join(' ')}`, EXIT.usage],
  ['worker --help', EXIT.pass],
  ['complete bash', EXIT.pass],
  ['complete -- test --ba', EXIT.pass],
]
/** Of these every line is on standard error, so that a full standard output loses nothing. */
const SILENT = ['nonsense', 'engine', 'runs nosuch', 'report', 'enroll', 'reindex']
const INCOMPLETE = /^cc-ci: standard output is not complete: ENOSPC[^\n]*\n$/

it('the table has every command', () => {
  const leaves = (command: Command, path: readonly string[]): string[] =>
    command.commands.length === 0
      ? [path.join(' ')]
      : command.commands.flatMap((child) => leaves(child, [...path, child.name()]))
  const missing = leaves(buildProgram(), []).filter((name) => !COMMANDS.some(([line]) => line.startsWith(name)))
  expect(missing).toEqual([])
})

const lossless = (line: string) => SILENT.some((name) => line === name || (name !== 'engine' && line.startsWith(name)))

describe('a command ends quietly whatever became of its output', async () => {
  const workshop = openWorkshop()
  const { dir } = await buildRecipe('healthy', join(workshop.dir, 'healthy'))
  const full = openSync('/dev/full', 'w')
  afterAll(async () => {
    closeSync(full)
    await workshop[Symbol.asyncDispose]()
  })

  type Where = typeof full | 'pipe' | 'gone'
  const run = async (line: string, out: Where, err: Where, redirections = '') => {
    const args = line.split(' ').map((word) => (word === 'RECIPE' ? dir : word))
    const env = { ...process.env, CC_CI_STATE: workshop.state, NO_COLOR: '1', CC_CI_SERVER: '' }
    const of = (where: Where) => (where === 'gone' ? 'pipe' : where)
    const child = spawn('sh', ['-c', `exec "$0" "$@" ${redirections}`, LAUNCHER, ...args], {
      ...{ cwd: workshop.dir, env, stdio: ['ignore', of(out), of(err)] },
    })
    if (out === 'gone') child.stdout?.destroy()
    if (err === 'gone') child.stderr?.destroy()
    let text = ''
    child.stdout?.resume()
    child.stderr?.on('data', (chunk) => (text += chunk))
    const [code] = await once(child, 'close')
    return { code, text }
  }

  it.each(COMMANDS)('%s', async (line, status) => {
    const read = await run(line, 'pipe', 'pipe')
    expect(read.code, read.text).toBe(status)
    const [unread, onFull, fullError, gone, closed] = await Promise.all([
      ...[run(line, 'gone', 'pipe'), run(line, full, 'pipe'), run(line, 'pipe', full)],
      ...[run(line, 'gone', 'gone'), run(line, 'pipe', 'pipe', '<&- >&- 2>&-')],
    ])
    expect(unread).toEqual(read)
    expect(onFull?.code).toBe(lossless(line) ? status : status || EXIT.unverified)
    const more = onFull?.text.slice(read.text.length)
    if (lossless(line)) expect(more).toBe('')
    else expect(more).toMatch(INCOMPLETE)
    expect([fullError?.code, gone?.code, closed]).toEqual([status, status, { code: status, text: '' }])
  })
})
