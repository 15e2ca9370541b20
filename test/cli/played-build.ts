import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../../src/lib/async/clock.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import {
  announceApp,
  isAbandoned,
  listRuns,
  type RunFolder,
  readRecord,
  reserveRun,
  runFolder,
  setStatus,
} from '../../src/lifecycle/run-folder.ts'
import { writeViews } from '../../src/report/run/write-views.ts'
import { openEventLog } from '../../src/verdict/event-log.ts'
import { HEADER, passingDrafts } from '../verdict/passing-stream.ts'
import { ends } from '../verdict/two-attempts.ts'

// Stands where a build of cc-ci stands for `cc-ci ab`: it judges what the file `behave` of the recipe says with what the file `build` of its own checkout says, and
// writes run folders by the real code. Instead of a stack it makes a file, which a run that was killed leaves behind until `gc`.
const root = process.env.PLAYED_BUILD ?? ''
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    ...{ state: { type: 'string' }, 'run-id': { type: 'string' }, ref: { type: 'string' }, json: { type: 'string' } },
    ...{ supervised: { type: 'boolean' }, help: { type: 'boolean' }, only: { type: 'string' } },
    ...{ origin: { type: 'string' }, deadline: { type: 'string' } },
  },
})
const [command, recipe = ''] = positionals
const state = values.state ?? ''
const id = values['run-id'] ?? ''
const build = readFileSync(join(root, 'build'), 'utf8').trim()

/** Instead of a stack. */
const made = (run: string) => join(state, 'made', run)

if (build === 'crashes') throw new Error('this build is broken')
if (values.help) process.stdout.write(build === 'old' ? '--ref\n' : '--run-id\n--supervised\n')
else if (command === 'gc') collect()
else await test()

function collect(): void {
  for (const run of listRuns(state)) {
    const folder = runFolder(state, run)
    const record = readRecord(folder)
    if (!record || !isAbandoned(record, folder)) continue
    rmSync(made(run), { force: true })
    setStatus(folder, 'ended')
  }
}

async function test(): Promise<void> {
  const folder = reserveRun(state, id, new Date().toISOString())
  announceApp(folder, { recipe: 'played', commit: values.ref ?? '', stack: 'played', domain: 'played.ci.test' })
  mkdirSync(dirname(made(id)), { recursive: true })
  writeFileSync(made(id), '')
  process.stdin.resume().once('close', () => stop(folder))
  const git = async (dir: string, ...args: string[]) =>
    (await execOk('git', args, { cwd: dir, timeoutMs: 60_000 })).stdout.trim()
  const behave = await git(recipe, 'show', `${values.ref}:behave`)
  end(folder, behave, await git(root, 'rev-parse', 'HEAD'))
}

function end(folder: RunFolder, behave: string, commit: string): void {
  const install =
    build === 'broken'
      ? ends('install', 'proxy-fallback')
      : ['bad', 'red'].includes(behave)
        ? ends('install', 'http-wrong-status')
        : null
  const log = openEventLog(folder.events, { clock: systemClock, mask: (text) => text })
  const header = {
    run: { id, host: 'played' },
    tool: { ...HEADER.tool, commit },
    recipe: { ...HEADER.recipe, commit: values.ref ?? '' },
  }
  for (const draft of passingDrafts(install ? { install } : {}, header)) log.append(draft)
  writeViews({ folder, events: () => log.all(), append: (artifact) => log.append({ type: 'artifact', ...artifact }) })
  rmSync(made(id))
  setStatus(folder, 'ended')
  process.exit(install ? 1 : 0)
}

/** The supervisor is gone: what was made is removed, and there are no results. */
function stop(folder: RunFolder): void {
  if (existsSync(made(id))) rmSync(made(id))
  setStatus(folder, 'ended')
  process.exit(143)
}
