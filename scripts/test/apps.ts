import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, freemem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { APPS } from '../../fixtures/apps/index.ts'
import { FIXTURE_IMAGES, fixtureImagesPart } from '../../fixtures/images/index.ts'
import { SelftestProgress } from '../../src/canaries/progress.ts'
import { readyMachine } from '../../src/canaries/ready-machine.ts'
import { type CanaryRun, runCanary } from '../../src/canaries/run-canary.ts'
import { selftest } from '../../src/canaries/selftest.ts'
import { listenForSignals } from '../../src/cli/support/signals.ts'
import { Engine } from '../../src/engine/client.ts'
import { CcCiError, EXIT, messageOf, UsageError } from '../../src/lib/errors.ts'
import { newRunId } from '../../src/lib/ids.ts'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { toolVersion } from '../../src/lib/version.ts'
import { occasionalParts } from '../../src/machine/image-parts.ts'
import { stateDir } from '../../src/machine/state-dir.ts'
import { engineUp } from '../../src/machine/up.ts'
import { RunningBlock } from '../../src/report/terminal/running-block.ts'
import { inkFor, wantsColor } from '../../src/report/text/colors.ts'
import type { Results } from '../../src/verdict/results.ts'
import { chosenPlays, type Play } from './apps/chosen-plays.ts'
import { type ImageFacts, imageFacts } from './apps/image-facts.ts'
import { leftBehind } from './apps/left-behind.ts'
import { lifeFacts } from './apps/life-facts.ts'
import { appsPage, withImages } from './apps/pages.ts'
import { unproven } from './apps/proof.ts'
import { summaryTable } from './apps/summary-table.ts'
import { onEngine } from './parts/on-engine.ts'

const HELP = `npm run test:apps -- [NAME...] [--healthy] [--faults] [--jobs N]

Judges real applications with the settings that users have, then releases of them with a planted fault, each through \`cc-ci test\`.
Sets up what is missing and builds the images first.

  NAME         an app with all its faults, or one fault: ${APPS.map(({ recipe }) => recipe).join(', ')},
               ${APPS.flatMap(({ recipe, faults }) => faults.map(({ name }) => `${recipe}/${name}`)).join(', ')}
  --healthy    only the apps as they are
  --faults     only their faults
  --jobs N     how many runs at the same time. Default: ${defaultJobs()} on this machine
  --help       this

Exit code 0: all as expected, and nothing left on the engine; else 1. The folder of a run that ended otherwise is kept. Where all of them were
played and as expected, docs/reference/apps.md and the table of images in fixtures/README.md are written.
`
const ROOT = join(import.meta.dirname, '../..')
const PAGE = join(ROOT, 'docs/reference/apps.md')
const IMAGES_PAGE = join(ROOT, 'fixtures/README.md')

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof CcCiError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = error.exitCode
}

async function main(argv: readonly string[]): Promise<number> {
  const { names, healthy, faults, jobs, help } = readArguments(argv)
  if (help) {
    process.stdout.write(HELP)
    return EXIT.pass
  }
  const plays = chosenPlays(APPS, { names, healthy, faults })
  const whole = names.length === 0 && healthy === faults
  const begun = Date.now()
  using interruption = listenForSignals('stopping the runs; each removes its app')
  const images = await readyImages(whole ? Object.keys(FIXTURE_IMAGES) : recipesOf(plays))
  const machine = await readyMachine(stateDir(), say)
  const engine = await Engine.connect()
  const before = await onEngine(engine)
  const results = new Map<string, Results>()
  const runs = await playAll(plays, { jobs, results, signal: interruption.signal })
  const silent = recipesOf(plays.filter(({ name }) => !results.has(name)))
  const left = leftBehind(before, await onEngine(engine), [...results.values()], silent)
  const lives = plays.flatMap((play) => factsOf(play, runs, results))
  if (lives.length > 0) say(['', ...summaryTable(lives), ''].join('\n'))
  for (const name of left) say(`left on the engine: ${name}`)
  if (interruption.signal.aborted) return interruption.exitCode()
  const wrong = runs.filter(({ differences }) => differences.length > 0)
  const good = wrong.length === 0 && left.length === 0 && runs.length === plays.length
  const seconds = (Date.now() - begun) / 1000
  say(
    `${runs.length} of ${plays.length} runs ended, ${wrong.length} not as expected, ${left.length} things left on the engine; ${formatDuration(seconds * 1000)}, ${jobs} at a time`,
  )
  for (const { name, kept } of wrong) say(`  ${name}: ${kept ?? 'nothing was kept'}`)
  if (good && whole) {
    const startedAt = new Date(begun).toISOString()
    const caught = plays.flatMap((play) => faultFacts(play, runs))
    writeFileSync(PAGE, appsPage({ lives, faults: caught, machine, version: toolVersion(), startedAt, seconds, jobs }))
    writeFileSync(IMAGES_PAGE, withImages(readFileSync(IMAGES_PAGE, 'utf8'), images))
    say('written: docs/reference/apps.md, fixtures/README.md')
  }
  return good ? EXIT.pass : EXIT.fail
}

function readArguments(argv: readonly string[]) {
  const options = {
    healthy: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    jobs: { type: 'string' },
    help: { type: 'boolean', default: false },
  } as const
  try {
    const { values, positionals } = parseArgs({ args: [...argv], allowPositionals: true, options })
    const { jobs = String(defaultJobs()), ...rest } = values
    if (!/^[1-9]\d?$/.test(jobs))
      throw new UsageError('bad-arguments', `--jobs takes a number from 1 to 99, not "${jobs}"`)
    return { ...rest, names: positionals, jobs: Number(jobs) }
  } catch (error) {
    throw new UsageError('bad-arguments', messageOf(error), { hint: '--help lists what there is.' })
  }
}

/** A run waits for half of its time; an app with its database, its browser and its tests takes up to two GiB. */
function defaultJobs(): number {
  return Math.max(1, Math.min(2 * availableParallelism(), Math.floor(freemem() / (2 * 1024 ** 3))))
}

function recipesOf(plays: readonly Play[]): string[] {
  return [...new Set(plays.map(({ app }) => app.recipe))]
}

/** Sets the machine up, and tells every image that the apps use. */
async function readyImages(recipes: readonly string[]): Promise<ImageFacts[]> {
  const built = new Map<string, number>()
  await engineUp({ state: stateDir(), log: say, extra: [fixtureImagesPart(recipes, built), ...occasionalParts] })
  const images = await imageFacts(recipes, built)
  for (const { tag, megabytes, buildSeconds } of images) {
    const took = buildSeconds === null ? 'was there' : `built in ${buildSeconds.toFixed(1)} s`
    say(`image ${tag.padEnd(40)}${megabytes.toFixed(0).padStart(6)} MB  ${took}`)
  }
  return images
}

interface Playing {
  readonly jobs: number
  readonly signal: AbortSignal
  /** Gets those of each run that came to its end, by its name. */
  readonly results: Map<string, Results>
}

async function playAll(plays: readonly Play[], { jobs, signal, results }: Playing): Promise<CanaryRun[]> {
  const canaries = plays.map(({ name, canary }) => [name, canary] as const)
  const ink = inkFor(wantsColor(process.stdout.isTTY))
  const block = new RunningBlock({ stream: process.stdout, ink })
  const named = Object.fromEntries(canaries)
  const progress = new SelftestProgress(block, { canaries: named, total: plays.length, ink, noun: 'runs' })
  const runs = await selftest({
    ...{ canaries, jobs, signal, times: () => 1 },
    dir: join(stateDir(), 'apps', newRunId(Date.now())),
    async run(name, canary, options) {
      const { app, fault } = plays.find((play) => play.name === name) as Play
      const look = (found: Results) => {
        results.set(name, found)
        return fault ? [] : unproven(app, found)
      }
      // The folder of the repository names the recipe.
      const run = await runCanary(app.recipe, canary, { ...options, look })
      return run && { ...run, name }
    },
    onStart(name) {
      progress.started(name)
      if (!block.isLive) say(`begins: ${name}`)
    },
    onEnd: (run) => progress.ended(run),
  }).finally(() => progress.close())
  return runs
}

function factsOf({ name, app, fault }: Play, runs: readonly CanaryRun[], results: ReadonlyMap<string, Results>) {
  const [run, found] = [runs.find((one) => one.name === name), results.get(name)]
  return fault === null && run && found ? [lifeFacts(app, found, run.ms)] : []
}

function faultFacts({ name, fault, canary }: Play, runs: readonly CanaryRun[]) {
  const run = runs.find((one) => one.name === name)
  return fault && run?.found ? [{ name, canary, found: run.found, seconds: run.ms / 1000 }] : []
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
