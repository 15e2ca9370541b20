import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { APPS, appOf } from '../../fixtures/apps/index.ts'
import { FIXTURE_IMAGES } from '../../fixtures/images/index.ts'
import { recipeSteps } from '../../fixtures/recipes/build.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { type CellRecord, readCells, readPlan, type SweepPlan, sweepFolder } from '../../src/history/sweep/record.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { UsageError } from '../../src/lib/errors.ts'
import { execOk, wholeEnv } from '../../src/lib/process/exec.ts'
import { spawnProgram } from '../../src/lib/process/spawn.ts'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import { parseResults } from '../../src/verdict/results.ts'
import {
  crashNode,
  docker,
  onFirst,
  returnNode,
  startSwarm,
  stopSwarm,
  type TestSwarm,
} from '../setup/swarm-nodes/nodes.ts'

/**
 * A sweep over a Swarm of several nodes on this machine, of which one loses its power half-way:
 *   node scripts/prove/nodes.ts [RECIPE...] [--nodes 3] [--jobs N] [--no-crash] [--dir DIR]
 * RECIPE: real apps, other fixture recipes, canaries; default: all real apps. Their heads are judged with the settings that users have, their own tests too. Tells what became of each, on
 * which node, what was run once more, and what is left on any node when the dead one is back. Exit 0: everything was judged, by a pass or a fault of the recipe, and nothing is left.
 * Without the crash it measures how many runs an hour so many nodes bring. Images have to be built (`npm run test:apps`, `npm run setup`).
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ nodes: { type: 'string', default: '3' }, jobs: { type: 'string' }, 'no-crash': { type: 'boolean' } },
    dir: { type: 'string', default: '/var/tmp/cc-ci-nodes' },
  },
})
const names = positionals.length > 0 ? positionals : APPS.map(({ recipe }) => recipe)
const count = Number(values.nodes)
const jobs = values.jobs ?? String(2 * count)
const dir = resolve(values.dir)
const HARNESS = ['base', 'toolbox', 'traefik', 'browser', 'sandbox', 'smtp-sink', 'keycloak'].map(
  (name) => `cc-ci/${name}:`,
)
const CC_CI = [process.execPath, '--disable-warning=ExperimentalWarning', resolve('src/cli/main.ts')]
const log = (line: string) => void process.stdout.write(`${line}\n`)
if (!Number.isInteger(count) || count < (values['no-crash'] ? 1 : 2))
  throw new UsageError('nodes-usage', '--nodes has to be a number, of 2 or more where one is to crash')

try {
  process.exitCode = await prove()
} finally {
  await stopSwarm(join(dir, 's'))
  rmSync(dir, { recursive: true, force: true })
}

async function prove(): Promise<number> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const swarm = await startSwarm({
    dir: join(dir, 's'),
    count,
    withMe: true,
    images: { first: [...HARNESS, ...imagesOf(names)] },
  })
  await onEngine(swarm, ['engine', 'up'])
  const list = await writeList(swarm)
  log(`${count} nodes, ${jobs} runs at a time: ${names.join(', ')}`)
  const begun = Date.now()
  const [file = '', ...args] = onFirst(swarm, [
    ...CC_CI,
    'sweep',
    '--from',
    list,
    '--recipes',
    join(dir, 'recipes'),
    '--jobs',
    jobs,
    '--memory',
    '64G',
  ])
  const sweep = spawnProgram(file, args, { env: wholeEnv(), stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = once(sweep, 'close')
  const crashed = values['no-crash'] ? null : await crashHalfWay(swarm, ended)
  const [exitCode] = await ended
  const tookMs = Date.now() - begun
  if (crashed !== null) {
    await returnNode(swarm, crashed, { withMe: true })
    await onEngine(swarm, ['gc'])
  }
  const { judged, rows } = cells(swarm)
  console.table(rows)
  const left = await leftOn(swarm)
  for (const line of left) log(`left: ${line}`)
  log(
    `sweep: exit ${exitCode}, ${judged} of ${rows.length} judged in ${formatDuration(tookMs)}, ${((rows.length * 3_600_000) / tookMs).toFixed(1)} runs an hour, ${left.length} things left`,
  )
  return judged === rows.length && left.length === 0 ? 0 : 1
}

/** The images of fixture recipes, by their names; those of canaries are there already. */
function imagesOf(recipes: readonly string[]): string[] {
  return [
    'cc-ci-fixtures/busybox',
    ...recipes.flatMap((name) => (FIXTURE_IMAGES[name] ?? []).map((make) => make().tag)),
  ]
}

/** The list, with the code of each recipe approved and what the operator allows it. The newest release is left out: the head is an upgrade of it. */
async function writeList(swarm: TestSwarm): Promise<string> {
  const entries: string[] = []
  const excluded: string[] = []
  for (const name of names) {
    const { dir: at } = await buildRepository(recipeSteps(name), join(dir, 'repositories', name))
    const operator = join(dir, 'recipes', name)
    mkdirSync(operator, { recursive: true })
    const allow = /--allow (\S+)/.exec((appOf(name)?.args ?? []).join(' '))?.[1]
    if (allow) writeFileSync(join(operator, 'cc-ci.yml'), `policy:\n  allow: [${allow}]\n`)
    await onEngine(swarm, ['approve', at, '--branch', 'main']).catch(() => log(`${name}: it has no code to approve`))
    entries.push(`  ${name}: ${at}`)
    excluded.push(`  - { recipe: ${name}, cell: release, reason: its head is upgraded from it, expires: 2099-12-31 }`)
  }
  const file = join(dir, 'sweep.yml')
  writeFileSync(file, `recipes:\n${entries.join('\n')}\nexclude:\n${excluded.join('\n')}\n`)
  return file
}

/** Takes the power from the node with a live run, other than the first, once half of the runs have begun. Null: the sweep was over before. */
async function crashHalfWay(swarm: TestSwarm, ended: Promise<unknown>): Promise<number | null> {
  let over = false
  void ended.then(() => {
    over = true
  })
  const half = await waitFor<number, 'over'>(
    async () => {
      if (over) return { state: 'impossible', cause: 'over' }
      const records = recordsOf(swarm)
      const begun = records.filter((record) => record !== null).length
      const numbers = records.flatMap((record) => (record?.status === 'running' ? nodeOf(swarm, record.run) : []))
      const number = numbers.find((one) => one > 1)
      if (begun * 2 >= records.length && records.length > 0 && number !== undefined)
        return { state: 'ready', value: number }
      return { state: 'waiting', reason: `${begun} of ${records.length} have begun` }
    },
    { name: 'half of the sweep', timeoutMs: 2 * 3_600_000, everyMs: 500 },
  )
  if (half.state !== 'ready') return null
  log(`>>> the power of n${half.value} fails`)
  await crashNode(swarm, half.value)
  return half.value
}

/** The node of a run that has put its app there. */
function nodeOf(swarm: TestSwarm, run: string): number[] {
  const file = join(runFolder(join(swarm.dir, 'state'), run).dir, 'run.json')
  const node: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).app?.node : undefined
  return typeof node === 'string' ? [Number(node.slice(1))] : []
}

function newestSweep(swarm: TestSwarm) {
  const folder = join(swarm.dir, 'state', 'sweeps')
  const [id] = existsSync(folder) ? readdirSync(folder).sort().reverse() : []
  return id === undefined ? null : sweepFolder(join(swarm.dir, 'state'), id)
}

function recordsOf(swarm: TestSwarm): (CellRecord | null)[] {
  const folder = newestSweep(swarm)
  if (!folder || !existsSync(folder.plan)) return []
  const plan = readPlan(folder)
  return readCells(folder, plan).filter((_, index) => plan.cells[index]?.reason === null)
}

function cells(swarm: TestSwarm) {
  const folder = newestSweep(swarm)
  const plan: SweepPlan | null = folder && readPlan(folder)
  const keys = plan?.cells.filter(({ reason }) => reason === null).map(({ key }) => key) ?? []
  const rows = recordsOf(swarm).map((record, index) => {
    const file = record?.folder && runFolder(join(swarm.dir, 'state'), record.folder).results
    const results = file && existsSync(file) ? parseResults(JSON.parse(readFileSync(file, 'utf8'))) : null
    return {
      ...{
        recipe: keys[index],
        verdict: results?.verdict ?? record?.refused?.code ?? 'none',
        level: results?.level ?? null,
      },
      ...{ node: results?.environment?.node ?? null, 'run once more': record?.earlier.length ?? 0 },
      seconds: results
        ? Math.round((Date.parse(results.run.finishedAt) - Date.parse(results.run.startedAt)) / 1000)
        : null,
      attempts: 1 + (results?.attempts?.length ?? 0),
    }
  })
  return { rows, judged: rows.filter(({ verdict }) => verdict === 'pass' || verdict === 'fail').length }
}

/** What is of any run on any node: all names of stacks of runs end so. Services of the machine stay. */
async function leftOn({ nodes }: TestSwarm): Promise<string[]> {
  const kinds = [
    ['ps', '--all', '--format', 'container {{.Names}}'],
    ['volume', 'ls', '--format', 'volume {{.Name}}'],
    ['network', 'ls', '--format', 'network {{.Name}}'],
  ]
  const ofSwarm = [
    ['service', 'ls', '--format', 'service {{.Name}}'],
    ['secret', 'ls', '--format', 'secret {{.Name}}'],
    ['config', 'ls', '--format', 'config {{.Name}}'],
  ]
  const lines: string[] = []
  for (const [index, node] of nodes.entries())
    for (const args of index === 0 ? [...kinds, ...ofSwarm] : kinds)
      lines.push(...(await docker(node, args)).split('\n').map((line) => `n${index + 1}: ${line}`))
  return lines.filter((line) => /_ci_test/.test(line))
}

async function onEngine(swarm: TestSwarm, command: readonly string[]): Promise<void> {
  const [file = '', ...args] = onFirst(swarm, [...CC_CI, ...command])
  await execOk(file, args, { timeoutMs: 15 * 60_000, env: wholeEnv() })
}
