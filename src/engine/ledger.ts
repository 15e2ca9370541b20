import { type Engine, RUN_LABEL, STACK_LABEL } from './client.ts'
import { isTerminal } from './convergence/snapshot.ts'
import type { ObjectKind } from './objects.ts'
import type { TaskState } from './types.ts'

const LEDGER_KINDS = ['services', 'tasks', 'containers', 'networks', 'volumes', 'secrets', 'configs'] as const

export type LedgerKind = (typeof LEDGER_KINDS)[number]

/** What one run has on the engine at one moment: names (ids of tasks) by kind. */
export class Ledger {
  readonly items: Readonly<Record<LedgerKind, readonly string[]>>

  constructor(items: Readonly<Record<LedgerKind, readonly string[]>>) {
    this.items = items
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
 * before. Named volumes of its containers count; bind mounts do not.
 */
export async function takeLedger(engine: Engine, of: LedgerQuery): Promise<Ledger> {
  const [services, networks, secrets, configs, containers, tasks] = await Promise.all([
    named(engine, 'service', of),
    named(engine, 'network', of),
    named(engine, 'secret', of),
    named(engine, 'config', of),
    containersOf(engine, of),
    tasksOf(engine, of),
  ])
  const volumes = await volumesOf(engine, of)
  return new Ledger({
    services,
    tasks: tasks.map((task) => task.id).sort(),
    containers: containers.map((container) => container.name).sort(),
    networks,
    volumes,
    secrets,
    configs,
  })
}

/**
 * The tasks that mean anything: the engine keeps the records of what a job came to forever once its service is gone, and no call removes
 * them (20.10 does so); they hold no container and no address.
 */
async function tasksOf(engine: Engine, { stack }: LedgerQuery): Promise<readonly TaskState[]> {
  const [tasks, services] = await Promise.all([engine.tasks(stack), engine.services(stack)])
  const isRecord = (task: TaskState) =>
    task.jobRound !== null && isTerminal(task) && !services.some(({ id }) => id === task.serviceId)
  return tasks.filter((task) => !isRecord(task))
}

/** The volumes that the run's containers use now, anonymous ones too: remember them before the containers are gone. */
export async function mountedVolumes(engine: Engine, of: LedgerQuery): Promise<string[]> {
  const containers = await containersOf(engine, of)
  const names = containers.flatMap((container) => container.mounts.filter((mount) => mount.type === 'volume'))
  return [...new Set(names.map((mount) => mount.name).filter((name) => name !== null))].sort()
}

/** Containers of the stack and of stacks named below it, and those that cc-ci started for the run. */
export async function containersOf(engine: Engine, { stack, runId }: LedgerQuery) {
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

async function volumesOf(engine: Engine, of: LedgerQuery): Promise<string[]> {
  const known = new Set([...(of.known?.items.volumes ?? []), ...(await anonymousVolumes(engine, of))])
  const all = await engine.objects.list('volume')
  const remembered = all.filter(({ name }) => known.has(name)).map(({ name }) => name)
  return [...new Set([...(await named(engine, 'volume', of)), ...remembered])].sort()
}

/** Only anonymous ones: a volume with a name of its own (an external one) may be somebody else's. */
async function anonymousVolumes(engine: Engine, of: LedgerQuery): Promise<string[]> {
  return (await mountedVolumes(engine, of)).filter((name) => /^[0-9a-f]{64}$/.test(name))
}
