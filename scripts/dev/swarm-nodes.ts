import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { CcCiError, UsageError } from '../../src/lib/errors.ts'
import { copyImages } from '../setup/engine-29/images.ts'
import { crashNode, onFirst, returnNode, startSwarm, stopSwarm, swarmIn } from '../setup/swarm-nodes/nodes.ts'

/**
 * A Swarm of several nodes beside this machine's engine, for tests: each node has namespaces of its own, node 1 (`n1`) manages, has the proxy network and an edge.
 *
 *   swarm-nodes.ts up DIR COUNT [IMAGE...]   starts it, everything of it in DIR (new); copies images to node 1 by the beginning of their names
 *   swarm-nodes.ts run DIR COMMAND...        runs a command in the network of node 1, with DOCKER_HOST, CC_CI_NODES and a state folder of its own
 *   swarm-nodes.ts load DIR NUMBER IMAGE...  copies more images to one node
 *   swarm-nodes.ts crash DIR NUMBER          takes the power from a node
 *   swarm-nodes.ts return DIR NUMBER         gives it back
 *   swarm-nodes.ts down DIR                  ends it and leaves nothing
 */
const [verb, dir = '', ...rest] = process.argv.slice(2)
const USAGE =
  'swarm-nodes.ts up DIR COUNT [IMAGE...] | run DIR COMMAND... | load DIR NUMBER IMAGE... | crash DIR NUMBER | return DIR NUMBER | down DIR'
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
  if (!dir) throw new UsageError('swarm-nodes-usage', USAGE)
  if (verb === 'down') await stopSwarm(dir)
  else if (verb === 'run' && rest.length > 0) return run(rest)
  else if (verb === 'up') return up()
  else if (verb === 'crash') await crashNode(swarmIn(dir), nodeNumber())
  else if (verb === 'return') await returnNode(swarmIn(dir), nodeNumber())
  else if (verb === 'load') log(`${await load()} images copied`)
  else throw new UsageError('swarm-nodes-usage', USAGE)
  return 0
}

async function up(): Promise<number> {
  const [, ...images] = rest
  await startSwarm({ dir, count: nodeNumber(), images: { first: images.length > 0 ? images : IMAGES } })
  const code = await run([process.execPath, '--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'engine', 'up'])
  if (code !== 0) await stopSwarm(dir)
  else process.stdout.write(`${onFirst(swarmIn(dir), []).join(' ')}\n`)
  return code
}

function load(): Promise<number> {
  const node = swarmIn(dir).nodes[nodeNumber() - 1]
  if (!node) throw new UsageError('swarm-nodes-usage', `${dir} has no node ${rest[0]}`)
  return copyImages(node, rest.slice(1))
}

function nodeNumber(): number {
  const number = Number(rest[0])
  if (Number.isInteger(number) && number > 0) return number
  throw new UsageError('swarm-nodes-usage', `"${rest[0] ?? ''}" is no number of a node: ${USAGE}`)
}

async function run(command: readonly string[]): Promise<number> {
  const [file = '', ...args] = onFirst(swarmIn(dir), command)
  const [code] = await once(
    spawn(file, args, { stdio: ['inherit', verb === 'up' ? 2 : 'inherit', 'inherit'] }),
    'close',
  )
  return typeof code === 'number' ? code : 1
}
