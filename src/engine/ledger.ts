import { InfraError } from '../lib/errors.ts'
import { type Engine, RUN_LABEL, STACK_LABEL } from './client.ts'
import { isTerminal } from './convergence/snapshot.ts'
import { swarmNodes } from './nodes/swarm-nodes.ts'
import type { ObjectKind } from './objects.ts'
import type { TaskState } from './types.ts'

const LEDGER_KINDS = ['services', 'tasks', 'containers', 'networks', 'volumes', 'secrets', 'configs'] as const

export type LedgerKind = (typeof LEDGER_KINDS)[number]

/** What one run has on the engine at one moment: names (ids of tasks) by kind. */
export class Ledger {
  readonly items: Readonly<Record<LedgerKind, readonly string[]>>
  /** Host names of nodes that did not answer: what lies there is not in `items`. */
  readonly unseen: readonly string[]

  constructor(items: Readonly<Record<LedgerKind, readonly string[]>>, unseen: readonly string[] = []) {
    this.items = items
    this.unseen = unseen
  }

  entries(): { readonly kind: LedgerKind; readonly name: string }[] {
    return LEDGER_KINDS.flatMap((kind) => this.items[kind].map((name) => ({ kind, name })))
  }

  counts(): Record<LedgerKind, number> {
    const counts = LEDGER_KINDS.map((kind) => [kind, this.items[kind].length] as const)
    return Object.fromEntries(counts) as Record<LedgerKind, number>
  }

  get total(): number {
    return this.entries().length
  }
}

export interface LedgerQuery {
  readonly stack: string
  readonly runId: string
  /** What was seen earlier: nothing else marks the anonymous volumes of containers that are gone. */
  readonly known?: Ledger
}

/**
 * Lists everything on the engine that belongs to one run: labelled with its stack or run id, named `<stack>_…`, or known from
 * before. Named volumes of its containers count; bind mounts do not. Containers and volumes are looked for in all places of the engine; a node that does not answer is named, not
 * an error.
 */
export async function takeLedger(engine: Engine, of: LedgerQuery): Promise<Ledger> {
  const [services, networks, secrets, configs, containers] = await Promise.all([
    named(engine, 'service', of),
    named(engine, 'network', of),
    named(engine, 'secret', of),
    named(engine, 'config', of),
    everywhere(engine, (place) => containersOn(place, of)),
  ])
  const volumes = await everywhere(engine, (place) => volumesOn(place, of))
  const unseen = [...new Set([...containers.unseen, ...volumes.unseen])]
  const tasks = await tasksOf(engine, of, unseen)
  return new Ledger(
    {
      services,
      tasks: tasks.map((task) => task.id).sort(),
      containers: containers.found.map((container) => container.name).sort(),
      networks,
      volumes: [...new Set(volumes.found)].sort(),
      secrets,
      configs,
    },
    unseen,
  )
}

/** What each place gives; a node that does not answer is named in `unseen`. Where the manager does not, InfraError `engine-lost`. */
async function everywhere<T>(
  engine: Engine,
  look: (place: Engine) => Promise<readonly T[]>,
): Promise<{ readonly found: readonly T[]; readonly unseen: readonly string[] }> {
  const seen = await Promise.all(
    engine.places.map((place) =>
      look(place).catch((error: unknown) => {
        if (place.node === null || !isLost(error)) throw error
        return place.node.hostname
      }),
    ),
  )
  return {
    found: seen.flatMap((one) => (typeof one === 'string' ? [] : one)),
    unseen: seen.filter((one) => typeof one === 'string'),
  }
}

/** The engine did not answer, or the connection to it is gone. */
export function isLost(error: unknown): boolean {
  return error instanceof InfraError && error.code === 'engine-lost'
}

/**
 * The tasks that mean anything: the engine keeps the records of what a job came to forever once its service is gone, and no call removes
 * them (20.10 does so); they hold no container and no address. Nor do those of a node that is down: their records stay until it is back.
 */
async function tasksOf(
  engine: Engine,
  { stack }: LedgerQuery,
  unseen: readonly string[],
): Promise<readonly TaskState[]> {
  const [tasks, services, nodes] = await Promise.all([
    engine.tasks(stack),
    engine.services(stack),
    unseen.length > 0 ? swarmNodes(engine.connection) : [],
  ])
  const down = nodes.filter(({ hostname, state }) => unseen.includes(hostname) && state !== 'ready').map(({ id }) => id)
  const isRecord = (task: TaskState) =>
    !services.some(({ id }) => id === task.serviceId) &&
    ((task.jobRound !== null && isTerminal(task)) || (task.nodeId !== null && down.includes(task.nodeId)))
  return tasks.filter((task) => !isRecord(task))
}

/** Containers of the stack and of stacks named below it, and those that cc-ci started for the run, in all places that answer. */
export async function containersOf(engine: Engine, of: LedgerQuery) {
  return (await everywhere(engine, (place) => containersOn(place, of))).found
}

/** The same on the engine's own node alone. */
export async function containersOn(engine: Engine, { stack, runId }: LedgerQuery) {
  const [ofStack, below, ofRun] = await Promise.all([
    engine.containers({ stack }),
    engine.containers({ namePrefix: `${stack}_` }),
    engine.containers({ labels: [`${RUN_LABEL}=${runId}`] }),
  ])
  return [...new Map([...ofStack, ...below, ...ofRun].map((container) => [container.id, container])).values()]
}

async function named(engine: Engine, kind: ObjectKind, { stack, runId }: LedgerQuery): Promise<string[]> {
  const all = await engine.objects.list(kind)
  const ours = all.filter(
    ({ name, labels }) => labels[STACK_LABEL] === stack || labels[RUN_LABEL] === runId || name.startsWith(`${stack}_`),
  )
  return ours.map(({ name }) => name).sort()
}

/** Names of the volumes that are on the engine's own node. */
export async function volumesOn(engine: Engine, of: LedgerQuery): Promise<string[]> {
  const known = new Set([...(of.known?.items.volumes ?? []), ...(await anonymousVolumes(engine, of))])
  const all = await engine.objects.list('volume')
  const remembered = all.filter(({ name }) => known.has(name)).map(({ name }) => name)
  return [...new Set([...(await named(engine, 'volume', of)), ...remembered])].sort()
}

/** Of containers that are there: remember them before these are gone. Only anonymous ones: a volume with a name of its own (an external one) may be somebody else's. */
async function anonymousVolumes(engine: Engine, of: LedgerQuery): Promise<string[]> {
  const mounts = (await containersOn(engine, of)).flatMap((container) => container.mounts)
  const names = mounts.flatMap(({ type, name }) => (type === 'volume' && name !== null ? [name] : []))
  return [...new Set(names)].filter((name) => /^[0-9a-f]{64}$/.test(name)).sort()
}
