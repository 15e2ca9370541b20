import { type Engine, RUN_LABEL, STACK_LABEL } from './client.ts'
import type { ObjectKind } from './objects.ts'

export type LedgerKind = 'services' | 'tasks' | 'containers' | 'networks' | 'volumes' | 'secrets' | 'configs'

/** What one run has on the engine at one moment: names (ids of tasks and containers) by kind. */
export interface Ledger {
  readonly items: Readonly<Record<LedgerKind, readonly string[]>>
  readonly counts: Readonly<Record<LedgerKind, number>>
  readonly total: number
}

export interface LedgerOf {
  readonly stack: string
  readonly runId: string
  /** Names seen earlier that nothing marks as ours: anonymous volumes of the run's containers. */
  readonly known?: { readonly volumes?: readonly string[] }
}

/**
 * Lists everything on the engine that belongs to one run: labelled with its stack or run id, named `<stack>_…`, or known from
 * before. Named volumes of its containers count; bind mounts do not.
 */
export async function takeLedger(engine: Engine, of: LedgerOf): Promise<Ledger> {
  const [services, networks, secrets, configs, containers, tasks] = await Promise.all([
    named(engine, 'service', of),
    named(engine, 'network', of),
    named(engine, 'secret', of),
    named(engine, 'config', of),
    containersOf(engine, of),
    engine.tasks(of.stack),
  ])
  const volumes = await volumesOf(engine, of)
  const items = {
    services,
    tasks: tasks.map((task) => task.id).sort(),
    containers: containers.map((container) => container.name).sort(),
    networks,
    volumes,
    secrets,
    configs,
  }
  const counts = Object.fromEntries(Object.entries(items).map(([kind, names]) => [kind, names.length]))
  const total = Object.values(items).reduce((sum, names) => sum + names.length, 0)
  return { items, counts: counts as Record<LedgerKind, number>, total }
}

/** The volumes that the run's containers use now, anonymous ones too: remember them before the containers are gone. */
export async function mountedVolumes(engine: Engine, of: LedgerOf): Promise<string[]> {
  const containers = await containersOf(engine, of)
  const names = containers.flatMap((container) => container.mounts.filter((mount) => mount.type === 'volume'))
  return [...new Set(names.map((mount) => mount.name).filter((name) => name !== null))].sort()
}

/** Containers of the stack and those that cc-ci started for the run. */
export async function containersOf(engine: Engine, { stack, runId }: LedgerOf) {
  const [ofStack, ofRun] = await Promise.all([
    engine.containers({ stack }),
    engine.containers({ labels: [`${RUN_LABEL}=${runId}`] }),
  ])
  return [...new Map([...ofStack, ...ofRun].map((container) => [container.id, container])).values()]
}

async function named(engine: Engine, kind: ObjectKind, { stack, runId }: LedgerOf): Promise<string[]> {
  const all = await engine.objects.list(kind)
  const ours = all.filter(
    ({ name, labels }) => labels[STACK_LABEL] === stack || labels[RUN_LABEL] === runId || name.startsWith(`${stack}_`),
  )
  return ours.map(({ name }) => name).sort()
}

async function volumesOf(engine: Engine, of: LedgerOf): Promise<string[]> {
  const known = new Set([...(of.known?.volumes ?? []), ...(await anonymousVolumes(engine, of))])
  const all = await engine.objects.list('volume')
  const remembered = all.filter(({ name }) => known.has(name)).map(({ name }) => name)
  return [...new Set([...(await named(engine, 'volume', of)), ...remembered])].sort()
}

/** Only nameless ones: a volume with a name of its own (an external one) may be somebody else's. */
async function anonymousVolumes(engine: Engine, of: LedgerOf): Promise<string[]> {
  return (await mountedVolumes(engine, of)).filter((name) => /^[0-9a-f]{64}$/.test(name))
}
