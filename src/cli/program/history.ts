import { type Command, Option } from 'commander'
import { DIMENSIONS } from '../../history/compare/dimensions.ts'
import { QUICK_TIERS } from '../../verdict/tiers.ts'
import { count, dimensions, duration, memory, runId } from './arguments.ts'
import { lazily, planOptions, recipeCommand, withState } from './options.ts'

/** What remembers: runs, ab, sweep, report, canonicals; and `explain`. */

export function addHistory(program: Command): void {
  withState(
    program
      .command('runs')
      .argument('[run]', 'an id, or the end of one; `last` for the newest; with --flaky: the name of a recipe')
      .description('list runs, or show one'),
  )
    .option('--open', 'open the report in a browser')
    .option('--report', 'print the path of the report')
    .option(
      '--diff <runs...>',
      'what is another in the second run than in the first; of one run: since the newest that it may be compared with',
    )
    .addOption(
      new Option(
        '--despite <what>',
        `with --diff: may differ as well, separated by commas: ${Object.keys(DIMENSIONS).join(', ')}`,
      ).argParser(dimensions),
    )
    .addOption(
      new Option('--max-age <duration>', 'with --diff: how far apart the runs may be (default: 28d)').argParser(
        duration,
      ),
    )
    .option(
      '--flaky',
      'what passed on a second attempt only, of all recipes or of the one that is named: how often, since when, and how long it takes',
    )
    .option('--json', 'as JSON')
    .option('--server <url>', 'runs of a server, instead of those of this machine')
    .action(async (run: string | undefined, options: RunsCommandOptions) => {
      process.exitCode = await showRuns(run, options)
    })
  addAttribution(program)
  addSweep(program)
  addReport(program)
  withState(
    program
      .command('canonicals')
      .argument('[names...]', 'RECIPE or RECIPE@VERSION; none: all')
      .description('list the data of green released versions that is kept for later runs'),
  )
    .option('--verify', 'read all of it: is it what was kept, and do its images still have their names')
    .addOption(new Option('--remove', 'remove those that are named').conflicts('verify'))
    .option('--json', 'as JSON')
    .action(async (names: string[], options: import('../canonicals.ts').CanonicalsOptions) => {
      process.exitCode = await (await import('../canonicals.ts')).canonicalsCommand(names, options)
    })
  program
    .command('explain')
    .argument('[code]', 'of a cause, a finding or a lint rule; none: list them all')
    .description('what a code in the results means, why cc-ci says so, and what to do')
    .action(async (code: string | undefined) => {
      process.exitCode = await (await import('../explain.ts')).explainCommand(code)
    })
}

type RunsCommandOptions = import('../runs.ts').RunsOptions &
  Partial<import('../runs-diff.ts').RunsDiffOptions> & { readonly server?: string; readonly flaky?: boolean }

async function showRuns(run: string | undefined, options: RunsCommandOptions): Promise<number> {
  const { diff, server, flaky } = options
  if (flaky) return (await import('../runs-flaky.ts')).runsFlakyCommand(run, options)
  if (diff !== undefined) {
    const named = [...(run === undefined ? [] : [run]), ...diff]
    return (await import('../runs-diff.ts')).runsDiffCommand({ ...options, diff: named })
  }
  if (server !== undefined) return (await import('../runs-server.ts')).serverRunsCommand(run, { ...options, server })
  return (await import('../runs.ts')).runsCommand(run, options)
}

function addReport(program: Command): void {
  withState(
    program
      .command('report')
      .description(
        'what happened in one week: regressed, fixed, needs attention, flaky, moved; as a page or as Markdown',
      ),
  )
    .option('--week [week]', 'as 2026-W48, or a day in it (default: the last one that is over)')
    .option('--html <file>', 'write one page that needs nothing else')
    .option('--markdown <file>', 'write the same as Markdown; - for standard output, which is the default')
    .option('--json', 'as JSON')
    .addHelpText('after', REPORT_NOTES)
    .action(async (options: import('../report.ts').ReportOptions) => {
      process.exitCode = await (await import('../report.ts')).reportCommand(options)
    })
}

const REPORT_NOTES = `
Derived from the folders of runs alone: the same runs give the same bytes. Links lead from the file to the reports of the runs.

Exit codes: 0, 3 when nothing ran in that week, 2 usage.`

function addAttribution(program: Command): void {
  recipeCommand(program, 'ab', 'tell whether a change of result comes from the recipe, from cc-ci, or from neither')
    .option('--ref <range>', 'OLD..NEW: two commits, tags or branches of the recipe')
    .option('--tool <range>', 'OLD..NEW: two commits, tags or branches of cc-ci')
    .option('--tool-repo <dir>', 'the repository of cc-ci (default: the one this build lies in)')
    .addOption(planOptions.base())
    .addOption(planOptions.only())
    .addOption(new Option('--quick', `judge only ${QUICK_TIERS.join(', ')}`).conflicts('only'))
    .addOption(planOptions.approve())
    .addOption(planOptions.allow())
    .addOption(
      new Option('--runs <number>', 'run so many at most (default: six a cell, and more with --bisect)').argParser(
        count,
      ),
    )
    .addOption(
      new Option('--deadline <duration>', 'begin no run after so long').argParser(duration).default(21_600_000, '6h'),
    )
    .option('--bisect', 'then find the first commit with the new result')
    .addOption(
      new Option('--resume <id>', 'continue with an attribution that was stopped (`last`: the newest)').conflicts([
        ...['ref', 'tool', 'toolRepo', 'only', 'quick', 'bisect'],
      ]),
    )
    .option('--json <file>', 'write all that was found there too; - for standard output')
    .addOption(new Option('--id <id>', 'its id; one that was stopped is resumed').hideHelp().argParser(runId))
    .addOption(new Option('--as-is', 'run this build as it lies here').hideHelp().conflicts(['tool', 'toolRepo']))
    .addOption(new Option('--supervised', 'stop when standard input closes').hideHelp())
    .addOption(new Option('--origin <url>', 'where the recipe is said to come from').hideHelp())
    .addOption(new Option('--recorded <file>', 'an earlier result of the old ends, as a server brings it').hideHelp())
    .addOption(new Option('--run-deadline <duration>', 'of each run').hideHelp().argParser(duration))
    .addHelpText('after', AB_NOTES)
    .action(lazily(async () => (await import('../ab.ts')).ab))
}

const AB_NOTES = `
Each combination of the two changes (a cell) is run several times, by turns, each build of cc-ci from a checkout and a state folder of its own.
Give one of --ref and --tool to hold the other where it is checked out.

Exit codes: 0 with an answer (recipe, harness, both, interaction, drift, flake, unchanged), 3 inconclusive, 2 usage, 4 internal error, 130/143 interrupted.`

function addSweep(program: Command): void {
  withState(
    program
      .command('sweep')
      .argument('[recipes...]', 'names of the list; none: all of it')
      .description(
        'run the newest release and the open heads of every recipe of a list, and compare with the sweep before',
      )
      .option('--recipes <dir>', "the operator's folder of recipe settings, with the list `sweep.yml`"),
  )
    .option('--from <file>', 'another list')
    .addOption(new Option('--all', 'run everything (default)').conflicts('changed'))
    .option('--changed', 'leave out what an earlier run of the same in the same world speaks for')
    .addOption(
      new Option('--memory <size>', 'what all runs may use together').argParser(memory).default(4 * 1024 ** 3, '4G'),
    )
    .addOption(
      new Option(
        '--run-memory <size>',
        'what a run may have where the list says nothing: so much is set aside for it, and its app gets no more',
      )
        .argParser(memory)
        .default(2 * 1024 ** 3, '2G'),
    )
    .addOption(new Option('--jobs <number>', 'run so many at a time (default: one a processor)').argParser(count))
    .addOption(
      new Option('--deadline <duration>', 'for one run, teardown excluded')
        .argParser(duration)
        .default(3_600_000, '60m'),
    )
    .option('--dry-run', 'only say what would be run, and why not the rest')
    .addOption(
      new Option('--resume <id>', 'continue with a sweep that was stopped (`last`: the newest)').conflicts([
        ...['from', 'all', 'changed', 'dryRun'],
      ]),
    )
    .option('--json <file>', 'write matrix.json there too; - for standard output')
    .addHelpText('after', SWEEP_NOTES)
    .action(async (recipes: string[], options: import('../sweep.ts').SweepOptions) => {
      process.exitCode = await (await import('../sweep.ts')).sweep(recipes, options)
    })
}

const SWEEP_NOTES = `
Exit codes: 0 nothing is red or worse than before, 1 a recipe failed or regressed, 3 something was not judged, 2 usage or nothing to sweep,
4 internal error, 130/143 interrupted: continue with --resume.`
