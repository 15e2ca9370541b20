import { type Command, Option } from 'commander'
import { count } from './arguments.ts'
import { withState } from './options.ts'

/** What judges cc-ci itself. */

export function addSelftest(program: Command): void {
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
    .action(async (names: string[], options: import('../selftest.ts').SelftestCommandOptions) => {
      process.exitCode = await (await import('../selftest.ts')).selftestCommand(names, options)
    })
}
