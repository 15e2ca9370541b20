import { Engine } from '../engine/client.ts'
import { declaredTasks } from '../engine/nodes/declared-memory.ts'
import { reachNodes } from '../engine/nodes/reach.ts'
import { labelNode } from '../engine/nodes/swarm-nodes.ts'
import { waitFor } from '../lib/async/wait.ts'
import { EXIT } from '../lib/errors.ts'
import { formatSize } from '../lib/text/size.ts'
import { type Candidate, candidates, DRAIN_LABEL, nodeNamed } from '../lifecycle/placement/choose-node.ts'
import { choosing, claims } from '../lifecycle/placement/claims.ts'

export interface NodesOptions {
  readonly json?: boolean
}

export interface DrainOptions {
  readonly wait?: boolean
  /** ms */
  readonly deadline: number
}

/** A node as it is shown. */
interface NodeRow {
  readonly node: string
  readonly id: string
  readonly role: string
  readonly state: string
  readonly availability: string
  /** Live runs of this machine on it. */
  readonly runs: number
  readonly memoryBytes: number
  /** Of its memory, what nothing that runs there declares. */
  readonly freeBytes: number
  /** Why it takes no run; null: it does. */
  readonly refuses: string | null
}

/** `cc-ci nodes`: the nodes of the Swarm and which of them take runs. Exit 1 where none does. */
export async function nodesCommand({ json }: NodesOptions): Promise<number> {
  const rows = (await look(await Engine.connect())).map(rowOf)
  process.stdout.write(json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows))
  return rows.some(({ refuses }) => refuses === null) ? EXIT.pass : EXIT.fail
}

/** `cc-ci nodes drain NODE`: no new runs there; those that it has go on to their end, which `--wait` waits for. Exit 3 where the deadline comes first. */
export async function drainCommand(name: string, { wait, deadline }: DrainOptions): Promise<number> {
  const engine = await Engine.connect()
  const { reach } = await named(engine, name)
  await labelNode(engine.connection, reach.node.id, DRAIN_LABEL, new Date().toISOString())
  // Who is choosing this moment may have seen the node without the label.
  await choosing(async () => {})
  const running = () => claims().filter(({ nodeId }) => nodeId === reach.node.id)
  const { hostname } = reach.node
  process.stdout.write(`${hostname} gets no new runs; ${running().length} go on there\n`)
  if (!wait) return EXIT.pass
  const ended = await waitFor<true, never>(
    async () => {
      const left = running()
      if (left.length === 0) return { state: 'ready', value: true }
      return { state: 'waiting', reason: left.map(({ stack }) => stack).join(', ') }
    },
    {
      wait: { id: 'drained', subject: hostname },
      timeoutMs: deadline,
      everyMs: 1000,
      onWaiting: (waiting) => void process.stdout.write(`waiting for ${waiting.reason}\n`),
    },
  )
  if (ended.state !== 'ready') {
    process.stdout.write(
      `${hostname} still has runs: ${running()
        .map(({ stack }) => stack)
        .join(', ')}\n`,
    )
    return EXIT.unverified
  }
  process.stdout.write(
    `${hostname} has no runs: \`docker node update --availability drain ${hostname}\` ends what is left there\n`,
  )
  return EXIT.pass
}

/** `cc-ci nodes activate NODE`: it gets runs again. */
export async function activateCommand(name: string): Promise<number> {
  const engine = await Engine.connect()
  const { reach } = await named(engine, name)
  await labelNode(engine.connection, reach.node.id, DRAIN_LABEL, null)
  const { refuses } = await named(engine, name)
  process.stdout.write(
    `${reach.node.hostname} ${refuses === null ? 'gets runs again' : `is not drained any more, and gets no runs: ${refuses}`}\n`,
  )
  return EXIT.pass
}

async function look(engine: Engine): Promise<Candidate[]> {
  const [reaches, tasks] = await Promise.all([reachNodes(engine), declaredTasks(engine.connection)])
  return candidates(reaches, { models: [], tasks, claims: claims() })
}

async function named(engine: Engine, name: string): Promise<Candidate> {
  return nodeNamed(await look(engine), name)
}

function rowOf({ reach: { node }, refuses, runs, freeBytes }: Candidate): NodeRow {
  const { hostname, id, role, state, availability, memoryBytes } = node
  return {
    node: hostname,
    id,
    role,
    state,
    availability,
    runs,
    memoryBytes,
    freeBytes: Math.max(0, freeBytes),
    refuses,
  }
}

function table(rows: readonly NodeRow[]): string {
  const cells = rows.map(({ node, role, state, availability, runs, memoryBytes, freeBytes, refuses }) => [
    ...[
      node,
      role,
      `${state}, ${availability}`,
      String(runs),
      `${formatSize(freeBytes)} of ${formatSize(memoryBytes)}`,
    ],
    refuses === null ? 'yes' : `no: ${refuses}`,
  ])
  const all = [['node', 'role', 'state', 'runs', 'memory not declared', 'takes runs'], ...cells]
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? []
  return all
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
