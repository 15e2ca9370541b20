// cspell:ignore cmdline
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import { ensureEngine29 } from '../../scripts/setup/engine-29/build.ts'
import { copyImages } from '../../scripts/setup/engine-29/images.ts'
import {
  startEngine,
  stopEngine,
  sweepEngines,
  type TestEngine,
  within,
} from '../../scripts/setup/engine-29/namespaces.ts'
import { EDGE_CONTAINER, EDGE_KEY } from '../../src/edge/address.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { randomId } from '../../src/lib/ids.ts'
import { exec, execOk, wholeEnv } from '../../src/lib/process/exec.ts'
import { parseResults } from '../../src/verdict/results.ts'

/** A life of each: what the engine counts, refuses, replaces and says itself. */
const CANARIES = [
  'healthy',
  'good-one-shot',
  'crash-loop',
  'too-little-memory',
  'strange-engine',
  'eats-memory',
  'eats-the-run',
]

/** Tests of what asks the engine, and of what is shared on it. */
const FILES = ['engine-contract', 'engine', 'backup', 'edge-walls', 'shared-names', 'browser-box']
/** Of the bounds: what all services of a run hold, as cgroups tell it, and what a volume holds, as the engine does. */
const BOUNDS = {
  files: ['run-memory', 'disk-guard'],
  tests: ['hold more together than the run has', 'to a volume, without end'],
}

/** What they need: a machine may have gigabytes of others. */
const IMAGES = [...['base', 'toolbox', 'traefik', 'browser'].map((name) => `cc-ci/${name}:`), 'cc-ci-fixtures/busybox']

// A current engine beside the machine's own: what is about engines once more on it, and lives of recipes through the real command line.
const MINUTE = 60_000
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning']
const CC_CI = [...NODE, 'src/cli/main.ts']
/** Short, and on a disk: sockets have short names, and an engine cannot keep its layers in memory. */
const PARENT = '/var/tmp'
const PREFIX = 'cc-ci-29-'

let engine: TestEngine
/** What programs were given as arguments while the machine was set up. */
let given: string

beforeAll(async () => {
  await sweepEngines(PARENT, PREFIX)
  const dir = join(PARENT, `${PREFIX}${randomId(6)}`)
  engine = await startEngine({ dir, binaries: await ensureEngine29(() => undefined), withMe: true })
  await copyImages(engine, IMAGES)
  const noting = mkdtempSync(join(tmpdir(), 'cc-ci-noting-'))
  try {
    const { stdout: docker } = await execOk('which', ['docker'], { timeoutMs: MINUTE, env: wholeEnv() })
    const script = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${noting}/said'\nexec '${docker.trim()}' "$@"\n`
    writeFileSync(join(noting, 'docker'), script, { mode: 0o755 })
    const up = await on([...CC_CI, 'engine', 'up'], { path: noting })
    expect(up.exitCode, up.said).toBe(0)
    given = readFileSync(join(noting, 'said'), 'utf8')
  } finally {
    rmSync(noting, { recursive: true, force: true })
  }
}, 30 * MINUTE)

afterAll(() => stopEngine(engine.dir), MINUTE)

/** Runs a command against the engine, with programs of `path` before all others; `said` is all that it wrote. */
async function on(
  command: readonly string[],
  { timeoutMs = 20 * MINUTE, path = '' } = {},
): Promise<{ exitCode: number | null; said: string }> {
  const [file = '', ...args] = within(engine, command)
  const { PATH = '', ...env } = wholeEnv()
  const found = path === '' ? PATH : `${path}:${PATH}`
  const { exitCode, stdout, stderr } = await exec(file, args, { timeoutMs, env: { ...env, PATH: found } })
  return { exitCode, said: `${stdout}${stderr}` }
}

// The first one: tests publish ports.
test('a Swarm of one node listens to this machine alone', async () => {
  const open = () =>
    ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) => {
      const [, ...lines] = readFileSync(`/proc/${engine.pid}/net/${kind}`, 'utf8').split('\n')
      return lines.flatMap((line) => forOthers(kind, line))
    })
  // Packets of overlay networks: the kernel takes them on every address. A firewall has to stop them, as the guide says.
  await expect.poll(open, { timeout: MINUTE }).toEqual(['udp 4789'])
})

test('the key of the edge stands in no argument of a program', async () => {
  const { said: inspected } = await on([
    'docker',
    'container',
    'inspect',
    '--format',
    '{{json .Config.Env}}',
    EDGE_CONTAINER,
  ])
  const [, key = ''] = new RegExp(`"${EDGE_KEY}=([0-9a-f]{64})"`).exec(inspected) ?? []
  expect(key).toHaveLength(64)
  expect(given).toMatch(new RegExp(`^create --name ${EDGE_CONTAINER} `, 'm'))
  expect(given).not.toContain(key)
})

test(`test/swarm: ${FILES.join(', ')}`, () => tests(FILES.map((name) => `test/swarm/${name}.test.ts`)), 25 * MINUTE)

test('faults and healthy look-alikes', async () => {
  const { exitCode, said } = await on([...CC_CI, 'selftest', ...CANARIES])
  expect(exitCode, said).toBe(0)
})

// After the canaries, whose images these recipes have.
test(`test/cli: ${BOUNDS.tests.join(', ')}`, () =>
  tests(
    BOUNDS.files.map((name) => `test/cli/${name}.test.ts`),
    BOUNDS.tests,
  ))

/** Runs all tests of these files on the engine, or those of such names, and wants each file, or each name, to have been there. */
async function tests(files: readonly string[], names: readonly string[] = []): Promise<void> {
  const only = names.length > 0 ? ['-t', names.join('|')] : []
  const { exitCode, said } = await on([...NODE, 'node_modules/vitest/vitest.mjs', 'run', ...files, ...only])
  expect(exitCode, said).toBe(0)
  expect(said).toMatch(new RegExp(`Test Files .*(?<!\\d)${files.length} passed`))
  for (const name of names) expect(said).toContain(name)
}

// Alone: whoever asks the edge meanwhile has no answer.
test('an edge that ends by itself beside an app is there again at its ports, and doctor tells of it', async () => {
  // The engine forgets a network in which nothing is left on its node, and starts no container into one that it is forgetting.
  const app = `edge-ends-${randomId(6)}`
  const about = ['--detach', '--init', '--name', app, '--network', 'proxy', 'cc-ci/toolbox:1', 'sleep', '3600']
  expect(await on(['docker', 'run', ...about])).toMatchObject({ exitCode: 0 })
  const ports = async () => (await on(['docker', 'port', EDGE_CONTAINER])).said
  const before = await ports()
  expect(before).toMatch(/^443\/tcp -> 127\.0\.0\.1:\d+$/m)
  const { said: pid } = await on(['docker', 'container', 'inspect', '--format', '{{.State.Pid}}', EDGE_CONTAINER])
  // As the kernel does it where memory is used up.
  const kill = ['docker', 'run', '--rm', '--pid', 'host', 'cc-ci/toolbox:1', 'bash', '-c', `kill -9 ${pid.trim()}`]
  expect(await on(kill)).toMatchObject({ exitCode: 0 })
  await expect.poll(ports, { timeout: 3 * MINUTE }).toBe(before)
  const doctor = async () => (await on([...CC_CI, 'doctor'])).said
  await expect
    .poll(doctor, { timeout: 3 * MINUTE })
    .toMatch(/Edge .*https:.* it ended by itself once, last at 2.* was started again/)
  expect(await on(['docker', 'rm', '--force', app])).toMatchObject({ exitCode: 0 })
})

// The last one: it takes the engine of all of them.
test('a run whose engine dies ends, and its browser with it', async () => {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-dies-'))
  onTestFinished(() => rmSync(state, { recursive: true, force: true }))
  const { dir } = await buildRecipe('healthy', join(state, 'recipe'))
  const running = on([...CC_CI, 'test', dir, '--state', state, '--json', join(state, 'results.json')], {
    timeoutMs: 12 * MINUTE,
  })
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

/** `kind port` of a socket beyond loopback, from a line of the kernel's table. State 0A listens, 07 takes datagrams. */
function forOthers(kind: string, line: string): string[] {
  const [, address = '', port = '', state] = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ (\w\w) /.exec(line) ?? []
  const loopback = address.endsWith('7F') || address === `${'0'.repeat(24)}01000000`
  return (state === '0A' || state === '07') && !loopback ? [`${kind} ${Number.parseInt(port, 16)}`] : []
}

/** The first picture is kept: the browser is open. */
const PICTURED = /"tier\.started","tier":"upgrade"/

function commandOf(pid: string): string {
  try {
    return /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
  } catch {
    return ''
  }
}
