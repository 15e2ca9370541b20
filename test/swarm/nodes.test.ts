import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recipeSteps } from '../../fixtures/recipes/build.ts'
import {
  crashNode,
  docker,
  onFirst,
  returnNode,
  startSwarm,
  stopSwarm,
  type TestSwarm,
} from '../../scripts/setup/swarm-nodes/nodes.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { exec, wholeEnv } from '../../src/lib/process/exec.ts'
import { spawnProgram } from '../../src/lib/process/spawn.ts'
import { lostNode } from '../../src/verdict/lost-node.ts'
import { parseResults, type Results } from '../../src/verdict/results.ts'

// A Swarm of three nodes beside this machine's engine: whole runs by the real command line, on nodes other than the one that cc-ci talks to.
const MINUTE = 60_000
const POLL = { timeout: 5 * MINUTE, interval: 200 }
const NODE = [process.execPath, '--disable-warning=ExperimentalWarning']
const CC_CI = [...NODE, 'src/cli/main.ts']
/** Sockets have short names. */
const dir = mkdtempSync('/var/tmp/cc-ci-sw-')
const IMAGES = [
  ...['base', 'toolbox', 'traefik', 'browser', 'sandbox'].map((name) => `cc-ci/${name}:`),
  'cc-ci-fixtures/busybox',
]

let swarm: TestSwarm

beforeAll(async () => {
  swarm = await startSwarm({ dir: join(dir, 's'), count: 3, withMe: true, images: { first: IMAGES } })
  const up = await ccCi(['engine', 'up'])
  expect(up.exitCode, up.said).toBe(0)
}, 15 * MINUTE)

afterAll(async () => {
  await stopSwarm(join(dir, 's'))
  rmSync(dir, { recursive: true, force: true })
}, MINUTE)

async function ccCi(args: readonly string[]) {
  const [file = '', ...rest] = onFirst(swarm, [...CC_CI, ...args])
  const { exitCode, stdout, stderr } = await exec(file, rest, { timeoutMs: 20 * MINUTE, env: wholeEnv() })
  return { exitCode, stdout, said: `${stdout}${stderr}` }
}

async function recipe(name: string): Promise<string> {
  const at = join(dir, name)
  if (!existsSync(at)) await buildRepository(recipeSteps(name), at)
  return at
}

const named = (results: Results, tier: string) => results.tiers.find(({ id }) => id === tier)
const onNode = (number: number, args: readonly string[]) => {
  const node = swarm.nodes[number - 1]
  if (!node) throw new Error(`no node ${number}`)
  return docker(node, args)
}
/** What is of a run on a node, by its stack. */
async function leftOn(number: number, stack: string): Promise<string[]> {
  const filter = ['--filter', `name=${stack}`]
  const [containers, volumes] = [
    await onNode(number, ['ps', '--all', '--format', '{{.Names}}', ...filter]),
    await onNode(number, ['volume', 'ls', '--quiet', ...filter]),
  ]
  return [...containers.split('\n'), ...volumes.split('\n')].filter(Boolean)
}

test(
  'a whole life on another node: level 6, and nothing left on any',
  async () => {
    const { exitCode, stdout, said } = await ccCi(['test', await recipe('healthy'), '--node', 'n2', '--json', '-'])
    expect(exitCode, said).toBe(0)
    const results = parseResults(JSON.parse(stdout))
    expect(results).toMatchObject({ verdict: 'pass', level: 6, environment: { node: 'n2' }, leaks: [] })
    expect(results.attempts ?? []).toEqual([])
    expect(results.accommodations.filter((line) => line.includes('bound to node n2'))).not.toEqual([])
    const { stack } = JSON.parse(readFileSync(join(swarm.dir, 'state', 'runs', results.run.id, 'run.json'), 'utf8')).app
    for (const number of [1, 2, 3]) expect(await leftOn(number, stack)).toEqual([])
    // Its tasks were there, and its logs were read there.
    expect(named(results, 'resilience')?.status).toBe('pass')
    expect(existsSync(join(swarm.dir, 'state', 'runs', results.run.id, 'logs'))).toBe(true)
  },
  15 * MINUTE,
)

test(
  'a fault of the recipe is the same fault there',
  async () => {
    const { exitCode, stdout, said } = await ccCi(['test', await recipe('crash-loop'), '--node', 'n3', '--json', '-'])
    expect(exitCode, said).toBe(1)
    const results = parseResults(JSON.parse(stdout))
    const decisive = results.tiers.find(({ status }) => status === 'fail')
    expect(decisive?.cause).toMatchObject({ code: 'crash-loop', blame: 'recipe' })
    expect(decisive?.cause?.lines.join('\n')).toMatch(/^node n3: load /m)
  },
  15 * MINUTE,
)

test(
  'a node that loses its power ends the run unverified, by name; what lay there goes when it is back',
  async () => {
    const results = await lostAt('"tier":"upgrade"', await recipe('healthy'))
    const runs = join(swarm.dir, 'state', 'runs')
    expect(results.verdict).toBe('unverified')
    expect(lostNode(results)).toBe('n2')
    const causes = results.tiers.flatMap(({ cause }) => (cause && cause.code !== 'blocked' ? [cause] : []))
    expect(causes.map(({ blame }) => blame)).not.toContain('recipe')
    expect(causes.map(({ blame }) => blame)).not.toContain('ci')
    expect(causes[0]?.message).toContain('node n2')
    expect(results.leaks).toEqual([{ kind: 'node', name: expect.stringContaining('n2') }])
    // The Swarm has nothing of it any more, and the next run gets another node.
    const { stack } = JSON.parse(readFileSync(join(runs, results.run.id, 'run.json'), 'utf8')).app
    expect(await onNode(1, ['service', 'ls', '--quiet', '--filter', `name=${stack}`])).toBe('')
    const nodes = await ccCi(['nodes', '--json'])
    const row = JSON.parse(nodes.stdout).find(({ node }: { node: string }) => node === 'n2')
    expect(row.refuses).not.toBeNull()
    await returnNode(swarm, 2, { withMe: true })
    await expect.poll(() => leftOn(2, stack), POLL).not.toEqual([])
    const gc = await ccCi(['gc'])
    expect(gc.exitCode, gc.said).toBe(0)
    expect(await leftOn(2, stack)).toEqual([])
  },
  15 * MINUTE,
)

test(
  'tests that meet an app whose node has gone are no fault of the recipe',
  async () => {
    const at = join(dir, 'tested')
    const asks = `import { expect, test } from 'cc-ci/test'
test('answers for a minute', async ({ request }) => {
  test.setTimeout(120_000)
  for (let second = 0; second < 60; second += 1) {
    expect((await request.get('/', { timeout: 5_000 })).status()).toBe(200)
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
})`
    const [release] = recipeSteps('healthy')
    if (!release) throw new Error('healthy has no release')
    const write = async (to: string) => {
      await release.write(to)
      mkdirSync(join(to, 'cc-ci', 'tests', 'custom'), { recursive: true })
      writeFileSync(join(to, 'cc-ci', 'tests', 'custom', 'asks.spec.ts'), asks)
    }
    await buildRepository([{ ...release, write }], at)
    const results = await lostAt('"operation":"run 1 test file"', at, [
      '--only',
      'install,functional',
      '--approve-code',
    ])
    const functional = named(results, 'functional')
    expect(functional?.tests).toMatchObject([{ status: 'failed' }])
    expect(functional).toMatchObject({ status: 'unverified', cause: { code: 'engine-lost', blame: 'infra' } })
    expect(functional?.cause?.message).toContain('node n2, on which the app is, was lost')
    expect(functional?.cause?.lines.join('\n')).toContain('test-failed')
    expect(results.verdict).toBe('unverified')
    expect(lostNode(results)).toBe('n2')
    await returnNode(swarm, 2, { withMe: true })
    expect((await ccCi(['gc'])).exitCode).toBe(0)
  },
  15 * MINUTE,
)

test(
  'a drained node gets no runs, and one that is named gets them all the same',
  async () => {
    expect((await ccCi(['nodes', 'drain', 'n3', '--wait'])).exitCode).toBe(0)
    const refused = async () =>
      Object.fromEntries(
        JSON.parse((await ccCi(['nodes', '--json'])).stdout).map(({ node, refuses }: Record<string, unknown>) => [
          node,
          refuses,
        ]),
      )
    expect(await refused()).toMatchObject({ n1: null, n3: 'cc-ci drains it' })
    expect((await ccCi(['nodes', 'activate', 'n3'])).said).toContain('n3 gets runs again')
    expect(await refused()).toMatchObject({ n3: null })
    const unknown = await ccCi(['test', await recipe('healthy'), '--node', 'n9'])
    expect(unknown.exitCode).toBe(2)
    expect(unknown.said).toContain('It has: n1, n2, n3.')
  },
  5 * MINUTE,
)

/** The results of a run on n2, which loses its power as soon as the run says this. */
async function lostAt(sign: string, at: string, more: readonly string[] = []): Promise<Results> {
  const json = join(dir, 'lost.json')
  rmSync(json, { force: true })
  const runs = join(swarm.dir, 'state', 'runs')
  const newest = () => (existsSync(runs) ? (readdirSync(runs).sort().at(-1) ?? '') : '')
  const known = newest()
  const [file = '', ...args] = onFirst(swarm, [...CC_CI, 'test', at, '--node', 'n2', ...more, '--json', json])
  const run = spawnProgram(file, args, { env: wholeEnv(), stdio: 'ignore' })
  const exited = once(run, 'close')
  await expect.poll(() => newest() !== known && eventsOf(runs, newest()).includes(sign), POLL).toBe(true)
  await crashNode(swarm, 2)
  const [exitCode] = await exited
  expect(exitCode).toBe(3)
  return parseResults(JSON.parse(readFileSync(json, 'utf8')))
}

function eventsOf(runs: string, id: string): string {
  const file = join(runs, id, 'events.ndjson')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
