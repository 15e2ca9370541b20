import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { LAUNCHER, openWorkshop } from './cc-ci.ts'

const NO_SERVER = ['--server', 'http://127.0.0.1:1']

/** Every command in forms that need no engine; RECIPE is the folder of one. The status is the one with a reader, with or without output. */
const COMMANDS: readonly (readonly [string, number])[] = [
  ['--help', EXIT.pass],
  ['--version', EXIT.pass],
  ['help plan', EXIT.pass],
  ['nonsense', EXIT.usage],
  ['test --help', EXIT.pass],
  ['test ./nowhere --json -', EXIT.usage],
  ['plan RECIPE', EXIT.pass],
  ['plan RECIPE --json', EXIT.pass],
  ['plan RECIPE --base all-minors', EXIT.pass],
  ['approve RECIPE', EXIT.pass],
  ['approve --list', EXIT.pass],
  ['lint RECIPE', EXIT.pass],
  ['lint RECIPE --json', EXIT.pass],
  ['init RECIPE --dry-run', EXIT.pass],
  ['doctor --help', EXIT.pass],
  ['engine', EXIT.usage],
  ['engine up --help', EXIT.pass],
  ['engine down --help', EXIT.pass],
  ['engine status', EXIT.pass],
  ['gc --runs --dry-run', EXIT.pass],
  ['runs', EXIT.pass],
  ['runs --json', EXIT.pass],
  ['runs --flaky', EXIT.pass],
  ['runs nosuch', EXIT.usage],
  ['ab --help', EXIT.pass],
  ['sweep --help', EXIT.pass],
  ['report', EXIT.unverified],
  ['canonicals', EXIT.pass],
  ['explain', EXIT.pass],
  ['explain crash-loop', EXIT.pass],
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

it.each(COMMANDS)('%s ends quietly whatever became of its output', async (line, status) => {
  await using workshop = openWorkshop()
  const { dir } = await buildRecipe('healthy', join(workshop.dir, 'healthy'))
  const args = line.split(' ').map((word) => (word === 'RECIPE' ? dir : word))
  const env = { ...process.env, CC_CI_STATE: workshop.state, NO_COLOR: '1', CC_CI_SERVER: '' }
  const full = openSync('/dev/full', 'w')
  const run = async (out: number | 'pipe' | 'gone', err: number | 'pipe' | 'gone') => {
    const of = (where: number | 'pipe' | 'gone') => (where === 'gone' ? 'pipe' : where)
    const child = spawn(LAUNCHER, args, { cwd: workshop.dir, env, stdio: ['ignore', of(out), of(err)] })
    if (out === 'gone') child.stdout?.destroy()
    if (err === 'gone') child.stderr?.destroy()
    let text = ''
    child.stdout?.resume()
    child.stderr?.on('data', (chunk) => (text += chunk))
    const [code] = await once(child, 'close')
    return { code, text }
  }
  const closed = (redirections: string) =>
    once(
      spawn('sh', ['-c', `exec "$0" "$@" ${redirections}`, LAUNCHER, ...args], {
        cwd: workshop.dir,
        env,
        stdio: 'ignore',
      }),
      'close',
    )

  const read = await run('pipe', 'pipe')
  expect(read.code, read.text).toBe(status)
  expect(await run('gone', 'pipe')).toEqual(read)
  const lossless = SILENT.some((name) => line === name || (name !== 'engine' && line.startsWith(name)))
  const onFull = await run(full, 'pipe')
  expect(onFull.code).toBe(lossless ? status : status || EXIT.unverified)
  if (lossless) expect(onFull.text).toBe(read.text)
  else expect(onFull.text.slice(read.text.length)).toMatch(INCOMPLETE)
  expect((await run('pipe', full)).code).toBe(status)
  expect((await run('gone', 'gone')).code).toBe(status)
  for (const redirections of ['>&-', '2>&-', '<&- >&- 2>&-'])
    expect(await closed(redirections), redirections).toEqual([status, null])
  closeSync(full)
})
