import { type Command, Option } from 'commander'
import { DEPLOYER_NAMES } from '../../deploy/names.ts'
import { RETENTION_DEFAULTS } from '../../history/retention/policy.ts'
import { ENVIRONMENT } from '../../lib/environment.ts'
import { duration } from './arguments.ts'
import { lazilyPlain, withState } from './options.ts'

/** What looks after this machine: doctor, engine, gc. */

export function addMachine(program: Command): void {
  withState(program.command('doctor').description('say what this machine has, what is missing and how to fix it'))
    .addOption(
      new Option(
        '--deployer <name>',
        'compare the abra of this machine with what cc-ci takes it for, with a scratch app that is gone afterwards',
      ).choices(DEPLOYER_NAMES),
    )
    .option('--json', 'as JSON')
    .action(lazilyPlain(async () => (await import('../doctor.ts')).doctorCommand))
  const engine = program.command('engine').description('an engine for machines that have none (Debian or Ubuntu, root)')
  withState(
    engine
      .command('up')
      .description('install and start what is missing: engine, Swarm, proxy network, edge, helper images'),
  ).action(lazilyPlain(async () => (await import('../engine.ts')).engineUpCommand))
  withState(engine.command('down').description('remove what `engine up` made, and nothing else')).action(
    lazilyPlain(async () => (await import('../engine.ts')).engineDownCommand),
  )
  withState(engine.command('status').description('what `engine up` made and whether it runs')).action(
    lazilyPlain(async () => (await import('../engine.ts')).engineStatusCommand),
  )
  const nodes = program
    .command('nodes')
    .description(
      'the nodes of the Swarm: what runs on each, what memory is left, and which take runs. Exit code 1: none does',
    )
    .option('--json', 'as JSON')
    .action(lazilyPlain(async () => (await import('../nodes.ts')).nodesCommand))
  nodes
    .command('drain')
    .description('give a node no new runs; those that it has go on to their end')
    .argument('<node>', 'its host name or id')
    .option('--wait', 'until they have ended. Exit code 3: not within the deadline')
    .addOption(new Option('--deadline <duration>', 'how long to wait').argParser(duration).default(2 * 3_600_000, '2h'))
    .action(async (node: string, options: import('../nodes.ts').DrainOptions) => {
      process.exitCode = await (await import('../nodes.ts')).drainCommand(node, options)
    })
  nodes
    .command('activate')
    .description('give a drained node runs again')
    .argument('<node>', 'its host name or id')
    .action(async (node: string) => {
      process.exitCode = await (await import('../nodes.ts')).activateCommand(node)
    })
  withState(
    program
      .command('gc')
      .argument('[runs...]', 'runs kept with --keep to remove as well')
      .description(
        'remove what dead runs left on the engine; with --runs: prune the folders of runs, with --images: the images that runs brought',
      ),
  )
    .option('--runs', 'prune logs, pictures, traces, checkouts and reports of runs that are over; results stay forever')
    .option(
      '--images',
      'remove images that runs brought to the engine and that nobody uses; they are pulled again when they are needed',
    )
    .option(
      '--older-than <duration>',
      `of runs that were begun, images that were not used so long ago; none: whatever their age (default: ${RETENTION_DEFAULTS.olderThan}, images ${ENVIRONMENT.CC_CI_IMAGES_AGE.default})`,
    )
    .option(
      '--max-bytes <size>',
      `oldest first, until all run folders, or images, together hold no more; none: whatever they hold (default: ${RETENTION_DEFAULTS.maxBytes}, images ${ENVIRONMENT.CC_CI_IMAGES_SIZE.default})`,
    )
    .option('--dry-run', 'with --runs or --images: only say what would go')
    .option('--json', 'with --runs or --images: as JSON')
    .action(async (runs: string[], options: import('../gc.ts').GcOptions) => {
      process.exitCode = await (await import('../gc.ts')).gcCommand(runs, options)
    })
}
