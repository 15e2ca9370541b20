import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/lib/clock.ts'
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
import { publish } from '../../../src/report/publish.ts'
import { openEventLog } from '../../../src/verdict/event-log.ts'
import { HEADER, passingDrafts } from '../../verdict/passing-stream.ts'
import { ends } from '../../verdict/two-attempts.ts'

// Stands where `cc-ci` stands for a worker: `test` plays what the file `behave` of the recipe says, with run folders written by the real code,
// and `gc` ends dead runs. Nothing of it is on an engine.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ state: { type: 'string' }, 'run-id': { type: 'string' }, origin: { type: 'string' }, ref: { type: 'string' } },
    ...{ base: { type: 'string' }, deadline: { type: 'string' }, supervised: { type: 'boolean' } },
    ...{ quick: { type: 'boolean' }, 'approve-code': { type: 'boolean' } },
  },
})
const [command, checkout = ''] = positionals
const state = values.state ?? ''
const id = values['run-id'] ?? ''

if (command === 'gc') {
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
  if (behaviour === 'words') {
    process.stderr.write(`${'x'.repeat(100_000)}\ncc-ci: compose.yml:3: this is no recipe`)
    discardRun(folder)
    process.exitCode = 2
    return
  }
  announceApp(folder, { recipe: 'played', commit: values.ref ?? '', stack: 'played', domain: 'played.ci.test' })
  if (behaviour === 'pass') pass(folder)
  if (behaviour === 'red') pass(folder, { install: ends('install', 'http-wrong-status') })
  if (behaviour === 'wait') wait(() => setStatus(folder, 'ended'))
  if (behaviour === 'orderly') wait(() => pass(folder))
  if (behaviour === 'deaf') stayDeaf()
  if (behaviour === 'flood') flood()
}

function pass(folder: RunFolder, instead: Parameters<typeof passingDrafts>[0] = {}): void {
  const log = openEventLog(folder.events, { clock: systemClock, mask: (text) => text })
  const recipe = { ...HEADER.recipe, origin: values.origin ?? '', commit: values.ref ?? '' }
  for (const draft of passingDrafts(instead, { evidenceSchema: 1, run: { id, host: 'played' }, recipe }))
    log.append(draft)
  publish({ folder, events: () => log.all(), append: (artifact) => log.append({ type: 'artifact', ...artifact }) })
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
