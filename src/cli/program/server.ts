import { type Command, Option } from 'commander'
import { SERVER_SETTINGS } from '../../server/settings/table.ts'
import { duration, memory, names } from './arguments.ts'
import { lazilyPlain, withServer, withState } from './options.ts'

/** What runs a server, works for one, or asks one. */

export function addServer(program: Command): void {
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
    .action(lazilyPlain(async () => (await import('../serve.ts')).serveCommand))
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
    .action(async (name: string | undefined, options: import('../enroll.ts').EnrollOptions) => {
      process.exitCode = await (await import('../enroll.ts')).enrollCommand(name, options)
    })
  withServer(
    program
      .command('reindex')
      .description('have a running server look at its state folder again, after a restore of files'),
  ).action(async (options: import('../support/server-client.ts').ServerOptions) => {
    process.exitCode = await (await import('../reindex.ts')).reindexCommand(options)
  })
}

export function addWorker(program: Command): void {
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
        'so long after SIGTERM, runs that are still active are stopped and given back (default: never)',
      ).argParser(duration),
    )
    .addOption(new Option('--log <form>', 'how it says what it does').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nThe first SIGTERM takes no new runs and ends active ones; a second one stops them and gives them back to the server.',
    )
    .action(lazilyPlain(async () => (await import('../worker.ts')).workerCommand))
}
