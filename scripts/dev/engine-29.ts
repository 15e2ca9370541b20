import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { CcCiError, UsageError } from '../../src/lib/errors.ts'
import { ensureEngine29 } from '../setup/engine-29/build.ts'
import { copyImages } from '../setup/engine-29/images.ts'
import { engineIn, startEngine, stopEngine, type TestEngine, within } from '../setup/engine-29/namespaces.ts'

/**
 * A current engine beside this machine's, for tests: a one-node Swarm with the proxy network and an edge, in namespaces of its own.
 *
 *   engine-29.ts up DIR [IMAGE...]         starts it, everything of it in DIR (new); prints what to set; copies images by the beginning of their names
 *   engine-29.ts load DIR IMAGE...         copies more images into it
 *   engine-29.ts run DIR COMMAND...        runs a command in its network, with DOCKER_HOST and a state folder of its own
 *   engine-29.ts down DIR                  ends it and leaves nothing
 *
 * Its published ports are on the loopback of its own network, hence `run`.
 */
const [verb, dir = '', ...rest] = process.argv.slice(2)
const log = (line: string) => void process.stderr.write(`${line}\n`)
/** What every run needs; fixtures are copied by name. */
const IMAGES = ['cc-ci/', 'cc-ci-fixtures/busybox']

try {
  process.exitCode = await act()
} catch (error) {
  if (!(error instanceof CcCiError)) throw error
  log(error.describe())
  process.exitCode = error.exitCode
}

async function act(): Promise<number> {
  if (verb === 'down' && dir) await stopEngine(dir)
  else if (verb === 'load' && dir) log(`${await copyImages(engineIn(dir), rest)} images copied`)
  else if (verb === 'run' && dir && rest.length > 0) return run(engineIn(dir), rest)
  else if (verb === 'up' && dir) return up()
  else
    throw new UsageError(
      'engine-29-usage',
      'engine-29.ts up DIR [IMAGE...] | load DIR IMAGE... | run DIR COMMAND... | down DIR',
    )
  return 0
}

async function up(): Promise<number> {
  const binaries = await ensureEngine29(log)
  const engine = await startEngine({ dir, binaries })
  try {
    log(`${await copyImages(engine, rest.length > 0 ? rest : IMAGES)} images copied`)
    const ready = await run(engine, [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      'src/cli/main.ts',
      'engine',
      'up',
    ])
    if (ready === 0) return printEngine(engine)
    await stopEngine(dir)
    return ready
  } catch (error) {
    await stopEngine(dir)
    throw error
  }
}

function printEngine(engine: TestEngine): number {
  process.stdout.write(`${within(engine, []).join(' ')}\n`)
  return 0
}

async function run(engine: TestEngine, command: readonly string[]): Promise<number> {
  const [file = '', ...args] = within(engine, command)
  const [code] = await once(
    spawn(file, args, { stdio: ['inherit', verb === 'up' ? 2 : 'inherit', 'inherit'] }),
    'close',
  )
  return typeof code === 'number' ? code : 1
}
