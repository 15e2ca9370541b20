import { formatDuration } from '../lib/text/duration.ts'
import type { Canary } from './canary.ts'
import { isHealthy, type SelftestReport } from './report.ts'
import { SHAPES, shapeOf } from './shapes.ts'
import { expectedCells } from './table.ts'

const NOTICE = '<!-- Written by `cc-ci selftest --write-doc` from a run of all canaries. -->'
const GIB = 1024 ** 3

/** `docs/reference/selftest.md`: what was run, where, and what came of it. No path and no name of the machine. */
export function selftestPage(report: SelftestReport, canaries: Readonly<Record<string, Canary>>): string {
  const { tool, machine, summary, startedAt, seconds, jobs, repeat, repeatHealthy } = report
  const often = [
    ...(repeat > 1 ? [`each planted fault ${repeat} times`] : []),
    ...(repeatHealthy > 1 ? [`each healthy look-alike ${repeatHealthy} times`] : []),
  ].join(', ')
  const facts = [
    `- **Faults caught** at their tier, with their cause and blame: ${summary.caught} of ${summary.faults}`,
    ...(summary.toRed
      ? [
          `- **Known** after the act that they judge (the last deployment, a backup, a kill): ${inSeconds(summary.toRed.medianMs)} s (median), ${inSeconds(summary.toRed.worstMs)} s at worst`,
        ]
      : []),
    `- **False reds** among healthy look-alikes: ${summary.falseReds} of ${summary.healthy} runs; judged twice: ${summary.flaky}`,
    `- **Anything at all other than expected** (a check that did not run, a missing finding, a trace): ${summary.unexpected} of ${report.runs.length} runs`,
    `- **When and with what**: ${startedAt.slice(0, 10)}, cc-ci ${tool.version}, ${formatDuration(seconds * 1000)} for all with ${jobs} at a time${often && `, ${often}`}`,
    `- **Where**: engine ${machine.engine} (API ${machine.api}), ${machine.cpus} processors, ${(machine.memoryBytes / GIB).toFixed(0)} GiB, load ${machine.load.map((value) => value.toFixed(1)).join(' ')} before the first one`,
  ]
  return `${[
    NOTICE,
    '# Self-test',
    'Recipes with a planted fault, and healthy ones that look ill, each run through `cc-ci test` as anybody would. What each must end with is written beside it in `src/canaries/set/`, with the names of the checks that must have run. `cc-ci selftest` runs them all, `cc-ci selftest NAME` one of them, and `cc-ci selftest --fast` those with a ⚡, as every test run does.',
    facts.join('\n'),
    'Each is built in one of these ways around its fault, with default settings:',
    [
      ...Object.entries(SHAPES).map(([id, { about }]) => `- \`${id}\`: ${about}`),
      '- `library`: Another recipe, without settings of cc-ci, which serves its page from a volume.',
    ].join('\n'),
    '## Planted faults',
    table(report, canaries, (canary) => !isHealthy(canary)),
    '## Healthy look-alikes',
    table(report, canaries, isHealthy),
  ].join('\n\n')}\n`
}

function table(
  report: SelftestReport,
  canaries: Readonly<Record<string, Canary>>,
  wanted: (canary: Canary) => boolean,
): string {
  const rows = Object.entries(canaries)
    .filter(([, canary]) => wanted(canary))
    .map(([name, canary]) => line(name, canary, report))
  return [
    '| canary | what is wrong | built as | tier | cause | blame | seconds | from the act to red | ended as expected |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

function line(name: string, canary: Canary, { runs }: SelftestReport): string {
  const mine = runs.filter((run) => run.name === name)
  const good = mine.filter(({ differences }) => differences.length === 0).length
  const { tier, cause, blame } = expectedCells(canary)
  const about = [canary.about, ...(canary.disturbance ? [`From outside: ${canary.disturbance.what}.`] : [])].join(' ')
  const deciding = mine.flatMap(({ times }) => times.sinceActMs ?? [])
  const cells = [
    ...[
      `${name}${canary.fast ? ' ⚡' : ''}`,
      about.replaceAll('|', '\\|'),
      canary.recipe ? 'library' : (canary.shape ?? shapeOf(name)),
      tier,
      cause,
      blame,
    ],
    ...[
      mean(mine.map(({ ms }) => ms)),
      mean(deciding),
      mine.length === 1 ? (good ? 'yes' : '**no**') : `${good} of ${mine.length}`,
    ],
  ]
  return `| ${cells.join(' | ')} |`
}

function mean(values: readonly number[]): string {
  if (values.length === 0) return '–'
  return inSeconds(values.reduce((sum, value) => sum + value, 0) / values.length)
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(1)
}
