import { spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/lib/async/clock.ts'
import {
  announceApp,
  discardRun,
  isAbandoned,
  listRuns,
  type RunFolder,
  readRecord,
  reserveRun,
  runFolder,
  setStatus,
} from '../../../src/lifecycle/run-folder.ts'
import { writeViews } from '../../../src/report/run/write-views.ts'
import { openEventLog } from '../../../src/verdict/event-log.ts'
import { LAUNCHER } from '../../cli/cc-ci.ts'
import { deploying } from '../../history/some-runs.ts'
import { HEADER, passingDrafts } from '../../verdict/passing-stream.ts'
import { ends } from '../../verdict/two-attempts.ts'

// Stands where `cc-ci` stands for a worker: `test` plays what the file `behave` of the recipe says, with run folders written by the real code,
// and `gc` ends dead runs. `ab` is the real one, on builds of the repository that the first argument names. Nothing of it is on an engine.
const [repository = '', ...given] = process.argv.slice(2)
if (given[0] === 'ab') await attribute(given)

/** The real `cc-ci ab`, whose builds are played too: what a worker says of its own build becomes one of that repository. */
async function attribute(args: readonly string[]): Promise<never> {
  const own = args.filter((word) => word !== '--as-is')
  const child = spawn(LAUNCHER, [...own, '--tool-repo', repository], { stdio: 'inherit' })
  process.on('SIGTERM', () => {})
  process.exit(await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 137))))
}

const { values, positionals } = parseArgs({
  args: given,
  allowPositionals: true,
  options: {
    ...{ state: { type: 'string' }, 'run-id': { type: 'string' }, origin: { type: 'string' }, ref: { type: 'string' } },
    ...{ base: { type: 'string' }, deadline: { type: 'string' }, supervised: { type: 'boolean' } },
    ...{ images: { type: 'boolean' }, 'max-bytes': { type: 'string' }, card: { type: 'boolean' } },
    ...{ quick: { type: 'boolean' }, 'approve-code': { type: 'boolean' } },
  },
})
const [command, checkout = ''] = positionals
const state = values.state ?? ''
const id = values['run-id'] ?? ''

if (command === 'gc' && values.images) {
  appendFileSync(join(state, 'images-pruned'), `${values['max-bytes'] ?? 'limits'}\n`)
} else if (command === 'gc') {
  for (const run of listRuns(state)) {
    const folder = runFolder(state, run)
    const record = readRecord(folder)
    if (record && isAbandoned(record, folder)) setStatus(folder, 'ended')
  }
} else {
  const folder = reserveRun(state, id, new Date().toISOString())
  play(readFileSync(join(checkout, 'behave'), 'utf8').trim(), folder)
}

function play(behaviour: string, folder: RunFolder): void {
  if (behaviour === 'words' || behaviour === 'memory') {
    const memory = `it may have ${process.env.CC_CI_RUN_MEMORY}`
    const words = `${'x'.repeat(100_000)}\ncc-ci: compose.yml:3: this is no recipe`
    process.stderr.write(behaviour === 'memory' ? memory : words)
    discardRun(folder)
    process.exitCode = 2
    return
  }
  // Before anybody can see that it runs, and stop it.
  if (behaviour === 'wait') wait(() => setStatus(folder, 'ended'))
  if (behaviour === 'orderly') wait(() => pass(folder))
  if (behaviour === 'deaf') stayDeaf()
  announceApp(folder, { recipe: 'played', commit: values.ref ?? '', stack: 'played', domain: 'played.ci.test' })
  if (behaviour === 'pass') pass(folder)
  if (behaviour === 'red') pass(folder, { install: ends('install', 'http-wrong-status') })
  if (behaviour === 'lost-node') pass(folder, { install: ends('install', 'engine-lost') }, { node: 'n2' })
  if (behaviour === 'flood') flood()
}

function pass(
  folder: RunFolder,
  instead: Parameters<typeof passingDrafts>[0] = {},
  there: { node?: string } = {},
): void {
  const log = openEventLog(folder.events, { clock: systemClock, mask: (text) => text })
  const recipe = { ...HEADER.recipe, origin: values.origin ?? '', commit: values.ref ?? '' }
  const drafts = passingDrafts(instead, { evidenceSchema: 1, run: { id, host: 'played' }, recipe })
  for (const draft of deploying(recipe.commit, drafts))
    log.append(draft.type === 'environment' ? { ...draft, ...there } : draft)
  writeViews({ folder, events: () => log.all(), append: (artifact) => log.append({ type: 'artifact', ...artifact }) })
  setStatus(folder, 'ended')
}

/** Until it is told to stop, or its supervisor is gone. */
function wait(end: () => void): void {
  const goOn = setInterval(() => {}, 1000)
  const stop = () => {
    clearInterval(goOn)
    end()
    process.exit(143)
  }
  process.on('SIGTERM', stop)
  process.stdin.on('close', stop).resume()
}

function stayDeaf(): void {
  setInterval(() => {}, 1000)
  process.on('SIGTERM', () => {})
}

function flood(): void {
  const chunk = 'x'.repeat(64 * 1024)
  const more = () => {
    while (process.stdout.write(chunk));
    process.stdout.once('drain', more)
  }
  more()
}
