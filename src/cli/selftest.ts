import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { distance } from 'fastest-levenshtein'
import type { Canary } from '../canaries/canary.ts'
import { selftestPage } from '../canaries/page.ts'
import { SelftestProgress } from '../canaries/progress.ts'
import { readyMachine } from '../canaries/ready-machine.ts'
import { isHealthy, reportOf, type Summary } from '../canaries/report.ts'
import { selftest } from '../canaries/selftest.ts'
import { CANARIES } from '../canaries/set/index.ts'
import { EXIT, UsageError } from '../lib/errors.ts'
import { newRunId } from '../lib/ids.ts'
import { formatDuration } from '../lib/text/duration.ts'
import { toolIdentity } from '../lib/version.ts'
import { stateDir } from '../machine/state-dir.ts'
import { RunningBlock } from '../report/terminal/running-block.ts'
import { inkFor, wantsColor } from '../report/text/colors.ts'
import type { StateOption } from './program/options.ts'
import { listenForSignals } from './support/signals.ts'

/** The page that `--write-doc` writes. */
const PAGE = new URL('../../docs/reference/selftest.md', import.meta.url).pathname

/** A run waits for most of its time: each of its services must have a life of its own. */
const JOBS_A_PROCESSOR = 3

export interface SelftestCommandOptions extends StateOption {
  /** Only those that are marked for every test run. */
  readonly fast?: boolean
  /** Only those that must stay green. */
  readonly healthy?: boolean
  readonly repeat: number
  /** How often those that must stay green. Default: as all. */
  readonly repeatHealthy?: number
  readonly jobs?: number
  readonly json?: string
  readonly writeDoc?: boolean
  readonly list?: boolean
}

/** `cc-ci selftest`: exit 0 when every canary ended as expected, else 1; 130 or 143 when it was stopped. */
export async function selftestCommand(names: readonly string[], options: SelftestCommandOptions): Promise<number> {
  const canaries = chosen(names, options)
  if (options.writeDoc && (names.length > 0 || options.fast || options.healthy))
    throw new UsageError('part-of-selftest', 'the page of the self-test tells of all canaries', {
      hint: 'Leave out the names, --fast and --healthy with --write-doc.',
    })
  if (options.writeDoc && (await toolIdentity()).commit === null)
    throw new UsageError(
      'no-checkout',
      '--write-doc writes a page of the repository of cc-ci, and this build lies in none',
      {
        hint: 'Clone the repository and use its bin/cc-ci, or leave out --write-doc: --json FILE keeps the figures.',
      },
    )
  if (options.list) return list(canaries)
  using interruption = listenForSignals('stopping the canaries that run; each removes its app')
  const screen = options.json === '-' ? process.stderr : process.stdout
  const machine = await readyMachine(stateDir(options.state), (line) => void screen.write(`${line}\n`))
  const { repeat, repeatHealthy = repeat, jobs = JOBS_A_PROCESSOR * availableParallelism() } = options
  const times = (canary: Canary) => (isHealthy(canary) ? repeatHealthy : repeat)
  const total = canaries.reduce((sum, [, canary]) => sum + times(canary), 0)
  const begun = Date.now()
  const ink = inkFor(wantsColor(screen.isTTY))
  const progress = new SelftestProgress(new RunningBlock({ stream: screen, ink }), { canaries: CANARIES, total, ink })
  const runs = await selftest({
    ...{ canaries, times, jobs, signal: interruption.signal },
    dir: join(stateDir(options.state), 'selftest', newRunId(begun)),
    onStart: (name) => progress.started(name),
    onEnd: (run) => progress.ended(run),
  }).finally(() => progress.close())
  const startedAt = new Date(begun).toISOString()
  const seconds = Math.round((Date.now() - begun) / 1000)
  const report = reportOf({ canaries: CANARIES, runs, machine, startedAt, seconds, jobs, repeat, repeatHealthy })
  screen.write(`\n${summaryLine(report.summary, { runs: runs.length, total, seconds })}\n`)
  if (options.json) writeText(options.json, `${JSON.stringify(report, null, 2)}\n`)
  if (interruption.signal.aborted) return interruption.exitCode()
  if (options.writeDoc) writeFileSync(PAGE, selftestPage(report, CANARIES))
  return report.summary.unexpected === 0 ? EXIT.pass : EXIT.fail
}

function chosen(names: readonly string[], { fast, healthy }: SelftestCommandOptions): [string, Canary][] {
  const unknown = names.filter((name) => !Object.hasOwn(CANARIES, name))
  if (unknown.length > 0) throw noSuchCanary(unknown)
  return Object.entries(CANARIES)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .filter(([, canary]) => !fast || canary.fast !== undefined)
    .filter(([, canary]) => !healthy || isHealthy(canary))
}

function noSuchCanary(unknown: readonly string[]): UsageError {
  const near = unknown.flatMap((name) => {
    const [best] = Object.keys(CANARIES).sort((a, b) => distance(name, a) - distance(name, b))
    return best && distance(name, best) <= Math.ceil(best.length / 3) ? [best] : []
  })
  const guess = near.length > 0 ? `Did you mean ${near.join(', ')}? ` : ''
  return new UsageError('no-such-canary', `no canary is named ${unknown.join(', ')}`, {
    hint: `${guess}\`cc-ci selftest --list\` names all ${Object.keys(CANARIES).length}.`,
  })
}

function list(canaries: readonly [string, Canary][]): number {
  for (const [name, { about, fast }] of canaries)
    process.stdout.write(`${name.padEnd(28)}${fast ? 'fast  ' : '      '}${about}\n`)
  return EXIT.pass
}

function summaryLine(
  { faults, caught, healthy, falseReds, flaky, unexpected, toRed, late }: Summary,
  { runs, total, seconds }: { readonly runs: number; readonly total: number; readonly seconds: number },
): string {
  const parts = [
    ...(faults > 0 ? [`${caught} of ${faults} faults caught at their tier with their cause and blame`] : []),
    ...(toRed
      ? [
          `known ${inSeconds(toRed.medianMs)} s after what they judge was done (median; at worst ${inSeconds(toRed.worstMs)} s)`,
        ]
      : []),
    ...(late.length > 0 ? [`later than it could be: ${late.join(', ')}`] : []),
    ...(healthy > 0 ? [`${falseReds} false reds and ${flaky} flaky in ${healthy} healthy runs`] : []),
    ...(runs < total ? [`stopped after ${runs} of ${total} runs`] : []),
    ...(unexpected > 0 ? [`${unexpected} of ${runs} not as expected`] : runs > 0 ? ['all as expected'] : []),
  ]
  return `${parts.join('; ')}; ${formatDuration(seconds * 1000)}`
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}

function writeText(target: string, text: string): void {
  if (target === '-') process.stdout.write(text)
  else writeFileSync(target, text)
}
