import tab from '@bomb.sh/tab/commander'
import { Command, InvalidArgumentError, Option } from 'commander'
import { DIMENSIONS, type Dimension } from '../history/compare/dimensions.ts'
import { RETENTION_DEFAULTS } from '../history/retention/policy.ts'
import { parseDuration } from '../lib/duration.ts'
import { CcCiError } from '../lib/errors.ts'
import { isRunId } from '../lib/ids.ts'
import { parseSize } from '../lib/size.ts'
import { toolVersion } from '../lib/version.ts'
import { SERVER_SETTINGS } from '../server/settings/table.ts'
import { POLICY_CODES, type PolicyCode } from '../verdict/policy-codes.ts'
import { isTierId, QUICK_TIERS, TIER_IDS, type TierId } from '../verdict/tiers.ts'

type GcOptions = import('./gc.ts').GcOptions
type SelftestCommandOptions = import('./selftest.ts').SelftestCommandOptions

/** An action's module is loaded when its command runs: `--help` and completion load none of them. */
type Action<O> = (recipe: string, options: O) => Promise<number>

/** The whole command line: names, flags and help. The reference page of commands is generated from it. */
export function buildProgram(): Command {
  const program = new Command('cc-ci')
    .description(
      'Proves that a Co-op Cloud recipe installs, upgrades, backs up, restores and works, on a real Docker Swarm.',
    )
    .version(toolVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXAMPLES)
  addJudging(program)
  addMachine(program)
  addHistory(program)
  addSelftest(program)
  addServer(program)
  addWorker(program)
  tab(program)
  return program
}

const EXAMPLES = `
Examples:
  cc-ci test                      judge the recipe in this folder, uncommitted changes included
  cc-ci test ./gitea --only lint,install
  cc-ci test https://git.coopcloud.tech/coop-cloud/gitea.git --ref my-branch --base 3.2.0+1.24.1
  cc-ci plan ./gitea              what a run would do and why; touches nothing
  cc-ci doctor                    what this machine lacks, and how to mend it
  source <(cc-ci complete bash)   completion for this shell

Exit codes: 0 pass, 1 fail, 2 usage or configuration, 3 unverified, 4 internal error, 130/143 interrupted.`

function addJudging(program: Command): void {
  recipeCommand(program, 'test', 'run the whole life of the recipe on the Swarm and judge it')
    .addOption(planOptions.ref())
    .addOption(planOptions.base())
    .addOption(planOptions.only())
    .addOption(planOptions.quick().conflicts(['only', 'attach']))
    .addOption(planOptions.fromCanonical().conflicts('attach'))
    .addOption(planOptions.noCanonical())
    .addOption(
      new Option(
        '--promote',
        'keep the data as the canonical of this release when all is green, whatever the setting `canonical` says',
      ).conflicts(['only', 'quick', 'attach', 'keep']),
    )
    .addOption(planOptions.approve())
    .addOption(planOptions.allow())
    .option('--keep', 'leave the app up for a look; `cc-ci gc RUN` removes it')
    .option('--no-repeat', 'what fails for a reason that may be chance is not judged once more on a fresh stack')
    .option(
      '--attach <run>',
      'run the custom tests against the app of a kept run (`last`: the newest); nothing is deployed',
    )
    .option('--json <file>', 'write results.json there too; - for standard output')
    .addOption(new Option('--deployer <name>', 'what puts the app on the engine').choices(['native']).default('native'))
    .addOption(
      new Option('--deadline <duration>', 'for the whole run, teardown excluded')
        .argParser(duration)
        .default(3_600_000, '60m'),
    )
    .addOption(
      new Option('--run-id <id>', 'use this id and its folder, in which no run may have begun').argParser(runId),
    )
    .option('--supervised', 'standard input is a pipe of a supervisor: when it closes, stop as with SIGTERM')
    .option('--origin <url>', 'the repository that the folder is a clone of, as the results should name it')
    .action(lazily(async () => (await import('./test.ts')).test))
  recipeCommand(program, 'plan', 'print what a run would do and why; touches nothing')
    .addOption(planOptions.ref())
    .addOption(planOptions.base())
    .addOption(planOptions.only())
    .addOption(planOptions.quick().conflicts('only'))
    .addOption(planOptions.fromCanonical())
    .addOption(planOptions.noCanonical())
    .addOption(planOptions.approve())
    .addOption(planOptions.allow())
    .option('--json', 'as JSON')
    .action(lazily(async () => (await import('./plan.ts')).plan))
  recipeCommand(
    program,
    'approve',
    'let the code of a recipe repository run, in the sandbox, at one commit or on one branch',
  )
    .addOption(planOptions.ref())
    .option('--branch <branch>', 'approve whatever this branch points at, now and later, instead of one commit')
    .option('--list', 'list all approvals')
    .option('--revoke', 'take back all approvals of this recipe')
    .option('--json', 'as JSON')
    .action(lazily(async () => (await import('./approve.ts')).approveCommand))
  recipeCommand(program, 'lint', "check the recipe against Co-op Cloud's rules and ours")
    .addOption(planOptions.ref())
    .option('--json', 'as JSON')
    .action(lazily(async () => (await import('./lint.ts')).lintCommand))
  program
    .command('init')
    .description('write commented settings and a first custom test for the recipe, over nothing that is there')
    .argument('[recipe]', 'the folder of the recipe', '.')
    .option('--dry-run', 'print what would be written')
    .action(lazily(async () => (await import('./init.ts')).init))
}

function addMachine(program: Command): void {
  withState(program.command('doctor').description('say what this machine has, what is missing and how to mend it'))
    .option('--json', 'as JSON')
    .action(lazilyPlain(async () => (await import('./doctor.ts')).doctorCommand))
  const engine = program.command('engine').description('an engine for machines that have none (Debian or Ubuntu, root)')
  withState(
    engine
      .command('up')
      .description('install and start what is missing: engine, Swarm, proxy network, edge, helper images'),
  ).action(lazilyPlain(async () => (await import('./engine.ts')).engineUpCommand))
  withState(engine.command('down').description('remove what `engine up` made, and nothing else')).action(
    lazilyPlain(async () => (await import('./engine.ts')).engineDownCommand),
  )
  withState(engine.command('status').description('what `engine up` made and whether it runs')).action(
    lazilyPlain(async () => (await import('./engine.ts')).engineStatusCommand),
  )
  withState(
    program
      .command('gc')
      .argument('[runs...]', 'runs kept with --keep to remove as well')
      .description('remove what dead runs left on the engine; with --runs: prune the folders of runs'),
  )
    .option(
      '--runs',
      'prune logs, pictures, traces, checkouts and reports of runs that are over; results stay for ever',
    )
    .option(
      '--older-than <duration>',
      `with --runs: of runs that were begun so long ago; none: whatever their age (default: ${RETENTION_DEFAULTS.olderThan})`,
    )
    .option(
      '--max-bytes <size>',
      `with --runs: oldest first, until all run folders together hold no more; none: whatever they hold (default: ${RETENTION_DEFAULTS.maxBytes})`,
    )
    .option('--dry-run', 'with --runs: only say what would go')
    .option('--json', 'with --runs: as JSON')
    .action(async (runs: string[], options: GcOptions) => {
      process.exitCode = await (await import('./gc.ts')).gcCommand(runs, options)
    })
}

function addSelftest(program: Command): void {
  withState(
    program
      .command('selftest')
      .argument('[canaries...]', 'names of canaries; none: all')
      .description('judge cc-ci itself: run recipes with planted faults and healthy look-alikes, and compare'),
  )
    .option('--fast', 'only the subset of every test run: at most 4 minutes on 2 processors')
    .option('--healthy', 'only those that must stay green')
    .addOption(new Option('--repeat <times>', 'run each so often').argParser(count).default(1))
    .addOption(
      new Option(
        '--repeat-healthy <times>',
        'run those that must stay green so often (default: as --repeat)',
      ).argParser(count),
    )
    .addOption(new Option('--jobs <number>', 'run so many at a time (default: three a processor)').argParser(count))
    .option('--json <file>', 'write all that was found there; - for standard output')
    .option('--list', 'name the canaries and run none')
    .option('--write-doc', 'write docs/reference/selftest.md with the figures of this run')
    .action(async (names: string[], options: SelftestCommandOptions) => {
      process.exitCode = await (await import('./selftest.ts')).selftestCommand(names, options)
    })
}

function addWorker(program: Command): void {
  withState(program.command('worker').description('run what a cc-ci server has to do on this machine, until SIGTERM'))
    .requiredOption('--server <url>', 'where the server is')
    .requiredOption('--token-file <file>', 'holds the token of this worker; readable by its owner alone')
    .addOption(
      new Option('--memory <size>', 'what all runs may use together: 4G, 512M')
        .argParser(memory)
        .default(4 * 1024 ** 3, '4G'),
    )
    .addOption(
      new Option(
        '--drain-deadline <duration>',
        'so long after SIGTERM, runs that still go on are stopped and given back (default: never)',
      ).argParser(duration),
    )
    .addOption(new Option('--log <form>', 'how it says what it does').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nThe first SIGTERM takes no new runs and ends those that go on; a second one stops them and gives them back to the server.',
    )
    .action(lazilyPlain(async () => (await import('./worker.ts')).workerCommand))
}

function addServer(program: Command): void {
  const serve = withState(
    program
      .command('serve')
      .description('answer `!testme` on pull requests: webhooks, queue, worker and pages in one process'),
  )
  for (const { flag, variable, description } of SERVER_SETTINGS) {
    if (flag) serve.option(`--${flag} <value>`, `${description} ($${variable})`)
  }
  serve
    .addOption(
      new Option('--log <form>', 'how it says what it does (default: text on a terminal, else json)').choices([
        'text',
        'json',
      ]),
    )
    .addHelpText('after', '\nSecrets come from the environment: docs/reference/server-settings.md lists every setting.')
    .action(lazilyPlain(async () => (await import('./serve.ts')).serveCommand))
  withServer(
    program
      .command('enroll')
      .argument('[name]', 'ORG/REPO, or ORG for all its repositories')
      .description('have a server answer the comments of a repository or organisation'),
  )
    .addOption(new Option('--allow <logins>', 'who may ask besides members, separated by commas').argParser(names))
    .addOption(new Option('--memory <size>', 'what is set aside for a run of it: 2G').argParser(memory))
    .option('--mirror-of <repository>', 'its main must equal that of this repository')
    .option('--list', 'list what is enrolled')
    .option('--remove', 'listen to it no longer')
    .option('--json', 'as JSON')
    .action(async (name: string | undefined, options: import('./enroll.ts').EnrollOptions) => {
      process.exitCode = await (await import('./enroll.ts')).enrollCommand(name, options)
    })
  withServer(
    program
      .command('reindex')
      .description('have a running server look at its state folder anew, after a restore of files'),
  ).action(async (options: import('./server-client.ts').ServerOptions) => {
    process.exitCode = await (await import('./reindex.ts')).reindexCommand(options)
  })
}

function withServer(command: Command): Command {
  return command
    .option('--server <url>', 'where the server is (default: $CC_CI_SERVER)')
    .option('--token-file <file>', "holds the operator's token (default: $CC_CI_OPERATOR_TOKEN)")
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

type RunsCommandOptions = import('./runs.ts').RunsOptions &
  Partial<import('./runs-diff.ts').RunsDiffOptions> & { readonly server?: string }

async function showRuns(run: string | undefined, options: RunsCommandOptions): Promise<number> {
  const { diff, server } = options
  if (diff !== undefined) {
    const named = [...(run === undefined ? [] : [run]), ...diff]
    return (await import('./runs-diff.ts')).runsDiffCommand({ ...options, diff: named })
  }
  if (server !== undefined) return (await import('./server-runs.ts')).serverRunsCommand(run, { ...options, server })
  return (await import('./runs.ts')).runsCommand(run, options)
}

function dimensions(text: string): Dimension[] {
  return names(text).map((name) => {
    if (name in DIMENSIONS) return name as Dimension
    throw new InvalidArgumentError(`"${name}" is none of ${Object.keys(DIMENSIONS).join(', ')}`)
  })
}

function addHistory(program: Command): void {
  withState(
    program
      .command('runs')
      .argument('[run]', 'an id, or the end of one; `last` for the newest')
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
    .option('--json', 'as JSON')
    .option('--server <url>', 'runs of a server, instead of those of this machine')
    .action(async (run: string | undefined, options: RunsCommandOptions) => {
      process.exitCode = await showRuns(run, options)
    })
  addAttribution(program)
  withState(
    program
      .command('canonicals')
      .argument('[names...]', 'RECIPE or RECIPE@VERSION; none: all')
      .description('list the data of green released versions that is kept for later runs'),
  )
    .option('--verify', 'read all of it: is it what was kept, and do its images still have their names')
    .addOption(new Option('--remove', 'remove those that are named').conflicts('verify'))
    .option('--json', 'as JSON')
    .action(async (names: string[], options: import('./canonicals.ts').CanonicalsOptions) => {
      process.exitCode = await (await import('./canonicals.ts')).canonicalsCommand(names, options)
    })
  program
    .command('explain')
    .argument('[code]', 'a cause code; none: list them all')
    .description('what a cause means, why cc-ci says so, and what to do')
    .action(async (code: string | undefined) => {
      process.exitCode = await (await import('./explain.ts')).explainCommand(code)
    })
}

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
      new Option('--resume <id>', 'go on with an attribution that was stopped (`last`: the newest)').conflicts([
        ...['ref', 'tool', 'toolRepo', 'only', 'quick', 'bisect'],
      ]),
    )
    .option('--json <file>', 'write all that was found there too; - for standard output')
    .addHelpText('after', AB_NOTES)
    .action(lazily(async () => (await import('./ab.ts')).ab))
}

const AB_NOTES = `
Each combination of the two changes (a cell) is run several times, by turns, each build of cc-ci from a checkout and a state folder of its own.
Give one of --ref and --tool to hold the other where it is checked out.

Exit codes: 0 with an answer (recipe, harness, both, interaction, drift, flake, unchanged), 3 inconclusive, 2 usage, 4 internal error, 130/143 interrupted.`

export interface StateOption {
  readonly state?: string
}

export interface RecipeOptions extends StateOption {
  readonly ref?: string
  readonly base: string
  readonly only?: readonly TierId[]
  readonly recipes?: string
  readonly origin?: string
  /** Judges QUICK_TIERS. */
  readonly quick?: boolean
  readonly fromCanonical?: boolean
  /** False: never with the data of a canonical. */
  readonly canonical?: boolean
  readonly approveCode?: boolean
  readonly allow?: readonly string[]
  readonly json?: string | boolean
}

function recipeCommand(program: Command, name: string, description: string): Command {
  const command = program
    .command(name)
    .description(description)
    .argument('[recipe]', 'path, git URL, or a name below --recipes', '.')
    .option('--recipes <dir>', "the operator's folder of recipe settings")
  return withState(command)
}

function withState(command: Command): Command {
  return command.option('--state <dir>', 'where runs are kept (default: $CC_CI_STATE, else $XDG_STATE_HOME/cc-ci)')
}

const planOptions = {
  ref: () => new Option('--ref <ref>', 'judge this branch, tag or commit instead of the work tree'),
  base: () =>
    new Option('--base <version>', 'the version an upgrade starts from: a version, auto or none').default('auto'),
  quick: () =>
    new Option(
      '--quick',
      `judge only ${QUICK_TIERS.join(', ')}; where the canonical of the version before is kept, begin with its data`,
    ),
  fromCanonical: () =>
    new Option('--from-canonical', 'upgrade the data that the last green run of the version before left').conflicts(
      'canonical',
    ),
  noCanonical: () => new Option('--no-canonical', 'begin with an empty installation, whatever is kept'),
  approve: () =>
    new Option('--approve-code', "let the recipe's own code run, in the sandbox, as it lies there, this once"),
  allow: () =>
    new Option(
      '--allow <codes>',
      'let the compose files ask for this, separated by commas: see `policy.allow`',
    ).argParser(policyCodes),
  only: () =>
    new Option(
      '--only <tiers>',
      `judge only these tiers and what they need, separated by commas: ${TIER_IDS.join(', ')}`,
    ).argParser(tiers),
}

function tiers(text: string): TierId[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !isTierId(name))
  if (unknown.length > 0)
    throw new InvalidArgumentError(`Unknown: ${unknown.join(', ')}. Tiers: ${TIER_IDS.join(', ')}.`)
  return names.filter(isTierId)
}

function policyCodes(text: string): PolicyCode[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !POLICY_CODES.some((code) => code === name))
  if (unknown.length > 0)
    throw new InvalidArgumentError(`Unknown: ${unknown.join(', ')}. Codes: ${POLICY_CODES.join(', ')}.`)
  return POLICY_CODES.filter((code) => names.includes(code))
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Not a whole number from 1 on.')
  return value
}

/** Bytes of `4G`, `512M`; more than none. */
function memory(text: string): number {
  try {
    const bytes = parseSize(text)
    if (bytes > 0) return bytes
  } catch (error) {
    throw error instanceof CcCiError ? new InvalidArgumentError(error.describe()) : error
  }
  throw new InvalidArgumentError('Write it like 4G or 512M.')
}

function runId(text: string): string {
  if (!isRunId(text)) throw new InvalidArgumentError('Not a run id like 20261123-191254-k3f9qa.')
  return text
}

function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw error instanceof CcCiError ? new InvalidArgumentError(error.describe()) : error
  }
}

function lazily<O>(load: () => Promise<Action<O>>) {
  return async (recipe: string, options: O): Promise<void> => {
    process.exitCode = await (await load())(recipe, options)
  }
}

function lazilyPlain<O>(load: () => Promise<(options: O) => Promise<number>>) {
  return async (options: O): Promise<void> => {
    process.exitCode = await (await load())(options)
  }
}
