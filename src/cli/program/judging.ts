import { type Command, Option } from 'commander'
import { DEPLOYER_KINDS, DEPLOYER_NAMES } from '../../deploy/names.ts'
import { duration, pattern, runId } from './arguments.ts'
import { lazily, planOptions, recipeCommand } from './options.ts'

/** What looks at a recipe: test, plan, approve, lint, init. */

export function addJudging(program: Command): void {
  recipeCommand(program, 'test', 'run the whole life of the recipe on the Swarm and judge it')
    .addOption(planOptions.ref())
    .addOption(planOptions.bases())
    .addOption(planOptions.rollback().conflicts(['attach', 'keep']))
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
    .addOption(
      new Option(
        '--resume <run>',
        'continue from a failed run of the same head (`last`: the newest that can be), with its app as it was after the last tier that could be kept; tiers that passed are not judged again',
      ).conflicts(['base', 'rollback', 'only', 'quick', 'fromCanonical', 'promote', 'attach', 'keep']),
    )
    .addOption(
      new Option(
        '--checkpoints',
        'stop the app after install and after upgrade and keep it, so that --resume can continue from there; without this it is kept where it stands still anyway, once backup has passed',
      ).conflicts(['attach', 'keep']),
    )
    .addOption(planOptions.approve())
    .addOption(planOptions.allow())
    .addOption(planOptions.runMemory())
    .option('--keep', 'leave the app up for a look; `cc-ci gc RUN` removes it')
    .option('--no-repeat', 'what fails for a reason that may be chance is not judged once more on a fresh stack')
    .option(
      '--attach <run>',
      'run the custom tests against the app of a kept run (`last`: the newest); nothing is deployed',
    )
    .addOption(
      new Option(
        '--grep <pattern>',
        'with --attach: run only the custom tests whose titles match this regular expression',
      ).argParser(pattern),
    )
    .option('--card', 'picture the result, beside the app, as artifacts/card.png (1200 × 630 pixels)')
    .option('--json <file>', 'write results.json there too; - for standard output')
    .option('--results <dir>', 'put report.html, results.json and junit.xml there too, whatever the verdict')
    .addOption(
      new Option(
        '--deployer <name>',
        `what puts the app on the engine: ${Object.entries(DEPLOYER_KINDS)
          .map(([name, about]) => `${name}, ${about}`)
          .join('; ')}`,
      )
        .choices(DEPLOYER_NAMES)
        .default('native'),
    )
    .addOption(
      new Option('--deadline <duration>', 'for the whole run, teardown excluded')
        .argParser(duration)
        .default(3_600_000, '60m'),
    )
    .option('--node <node>', 'of a Swarm of several nodes, the one that the app is put on: its host name or id')
    .addOption(
      new Option('--run-id <id>', 'use this id and its folder, in which no run may have begun').argParser(runId),
    )
    .option('--supervised', 'standard input is a pipe of a supervisor: when it closes, stop as with SIGTERM')
    .option('--origin <url>', 'the repository that the folder is a clone of, as the results should name it')
    .action(lazily(async () => (await import('../test.ts')).test))
  recipeCommand(program, 'plan', 'print what a run would do and why; touches nothing')
    .addOption(planOptions.ref())
    .addOption(planOptions.bases())
    .addOption(planOptions.rollback())
    .addOption(planOptions.only())
    .addOption(planOptions.quick().conflicts('only'))
    .addOption(planOptions.fromCanonical())
    .addOption(planOptions.noCanonical())
    .addOption(planOptions.approve())
    .addOption(planOptions.allow())
    .addOption(planOptions.runMemory())
    .option('--json', 'as JSON')
    .action(lazily(async () => (await import('../plan.ts')).plan))
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
    .action(lazily(async () => (await import('../approve.ts')).approveCommand))
  recipeCommand(program, 'lint', "check the recipe against Co-op Cloud's rules and ours")
    .addOption(planOptions.ref())
    .addOption(
      new Option(
        '--all <dir>',
        'check every recipe in this folder, like ~/.abra/recipes, and print a line for each',
      ).conflicts('ref'),
    )
    .option('-q, --quiet', 'print only what breaks a rule')
    .addOption(new Option('--json', 'as JSON').conflicts('quiet'))
    .action(lazily(async () => (await import('../lint.ts')).lintCommand))
  program
    .command('init')
    .description('write commented settings and a first custom test for the recipe, over nothing that is there')
    .argument('[recipe]', 'the folder of the recipe', '.')
    .option('--dry-run', 'print what would be written')
    .action(lazily(async () => (await import('../init.ts')).init))
}
