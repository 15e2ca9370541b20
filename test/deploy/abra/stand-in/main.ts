import { findApp } from './app.ts'
import { deploy, removeVolumes, undeploy } from './deploy.ts'
import { Fatal } from './fatal.ts'
import { apps, lint, services, throughBot, versions } from './look.ts'
import { generate, insert, list } from './secrets.ts'
import { type Asked, help, read } from './words.ts'

/**
 * A stand-in for abra 0.13.0-beta: the commands that cc-ci calls, as documentation describes them, over the docker CLI. It is not abra, and what it prints was written
 * from documentation; see docs/decisions/0048.
 */
async function act({ command, flags, args }: Asked): Promise<void> {
  switch (command) {
    case 'app ls':
      return apps()
    case 'recipe lint':
      return lint(args[0])
    case 'recipe versions':
      return versions(args[0])
  }
  const app = findApp(args[0])
  switch (command) {
    case 'app deploy':
      return deploy(app, flags)
    case 'app undeploy':
      return undeploy(app)
    case 'app volume rm':
      return removeVolumes(app)
    case 'app secret insert':
      return insert(app, args, flags)
    case 'app secret generate':
      return generate(app, flags)
    case 'app secret ls':
      return list(app)
    case 'app ps':
      return services(app)
    case 'app backup create':
      return throughBot(app, 'create')
    case 'app restore':
      return throughBot(app, 'restore')
  }
  throw new Fatal(`the stand-in cannot ${command}`)
}

const argv = process.argv.slice(2)
try {
  if (argv.includes('--version')) process.stdout.write('abra version 0.13.0-beta-06a57de\n')
  else {
    const asked = read(argv)
    if (asked.flags.has('help')) process.stdout.write(help(asked.command))
    else await act(asked)
  }
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Fatal) process.stdout.write(`FATA ${message.replaceAll('\n', '\n     ')}\n`)
  else process.stderr.write(`Error: ${message}\n`)
  process.exitCode = 1
}
