// cspell:ignore cmdline
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { ensureEngine29 } from '../../scripts/engine-29/build.ts'
import { copyImages } from '../../scripts/engine-29/images.ts'
import { startEngine, stopEngine, sweepEngines, type TestEngine, within } from '../../scripts/engine-29/namespaces.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { exec, wholeEnv } from '../../src/lib/exec.ts'
import { randomId } from '../../src/lib/ids.ts'
import { parseResults } from '../../src/verdict/results.ts'

/** A life of each: what the engine counts, refuses, replaces and says itself. */
const CANARIES = ['healthy', 'good-one-shot', 'crash-loop', 'too-little-memory', 'strange-engine']

// A current engine beside the machine's own: what is about engines once more on it, and lives of recipes through the real command line.
const MINUTE = 60_000
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning']
const CC_CI = [...NODE, 'src/cli/main.ts']
/** Short, and on a disk: sockets have short names, and an engine cannot keep its layers in memory. */
const PARENT = '/var/tmp'
const PREFIX = 'cc-ci-29-'

let engine: TestEngine

beforeAll(async () => {
  await sweepEngines(PARENT, PREFIX)
  const dir = join(PARENT, `${PREFIX}${randomId(6)}`)
  engine = await startEngine({ dir, binaries: await ensureEngine29(() => undefined), withMe: true })
  await copyImages(engine, ['cc-ci/', 'cc-ci-fixtures/busybox'])
  const up = await on([...CC_CI, 'engine', 'up'])
  expect(up.exitCode, up.said).toBe(0)
}, 30 * MINUTE)

afterAll(() => stopEngine(engine.dir), MINUTE)

/** Runs a command against the engine; `said` is all that it wrote. */
async function on(
  command: readonly string[],
  deadlineMs = 20 * MINUTE,
): Promise<{ exitCode: number | null; said: string }> {
  const [file = '', ...args] = within(engine, command)
  const { exitCode, stdout, stderr } = await exec(file, args, { deadlineMs, env: wholeEnv() })
  return { exitCode, said: `${stdout}${stderr}` }
}

test.each(['engine-contract', 'engine', 'backup'])('test/swarm/%s.test.ts', async (name) => {
  const { exitCode, said } = await on([...NODE, 'node_modules/vitest/vitest.mjs', 'run', `test/swarm/${name}.test.ts`])
  expect(exitCode, said).toBe(0)
  expect(said).toMatch(/Tests .*\d+ passed/)
})

test('faults and healthy look-alikes', async () => {
  const { exitCode, said } = await on([...CC_CI, 'selftest', ...CANARIES])
  expect(exitCode, said).toBe(0)
})

// The last one: it takes the engine of all of them.
test('a run whose engine dies ends, and its browser with it', async () => {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-dies-'))
  onTestFinished(() => rmSync(state, { recursive: true, force: true }))
  const { dir } = await buildRecipe('healthy', join(state, 'recipe'))
  const running = on([...CC_CI, 'test', dir, '--state', state, '--json', join(state, 'results.json')], 12 * MINUTE)
  const began = () =>
    globSync(join(state, 'runs/*/events.ndjson')).some((file) => PICTURED.test(readFileSync(file, 'utf8')))
  await expect.poll(began, { timeout: 8 * MINUTE }).toBe(true)
  await stopEngine(engine.dir)
  const { exitCode, said } = await running
  expect(exitCode, said).toBe(EXIT.unverified)
  const results = parseResults(JSON.parse(readFileSync(join(state, 'results.json'), 'utf8')))
  expect(results.verdict).toBe('unverified')
  expect(results.tiers.find(({ cause }) => cause)?.cause).toMatchObject({ blame: 'infra' })
  const survivors = readdirSync('/proc').filter((pid) => commandOf(pid).includes(state))
  expect(survivors).toEqual([])
})

/** The first picture is kept: the browser is open. */
const PICTURED = /"tier\.started","tier":"upgrade"/

function commandOf(pid: string): string {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
  } catch {
    return ''
  }
}
