import { waitFor } from '../lib/async/wait.ts'
import { InfraError, messageOf } from '../lib/errors.ts'
import type { Engine } from './client.ts'
import { containersOf, isLost, type Ledger, type LedgerKind, type LedgerQuery, takeLedger } from './ledger.ts'
import { KINDS_OF_NODES, type ObjectKind } from './objects.ts'
import { stopRestartingServices } from './stop-restarting-services.ts'

export interface RemovalOptions extends LedgerQuery {
  readonly timeoutMs: number
  /** Let the programs end by themselves (SIGTERM and their grace period) before they are killed. Default false. */
  readonly polite?: boolean
}

export interface Removal {
  /** How many things were there when it began. */
  readonly removed: number
  /** What was refused on the way; later attempts may have made up for it: `left` decides. */
  readonly errors: readonly string[]
  readonly left: Ledger
}

/**
 * Removes everything that `takeLedger` finds for a run: services first (see `stopRestartingServices`) so that nothing is started again, then containers, and once
 * the tasks are gone networks (removing one earlier leaks addresses), secrets, configs and volumes. Safe to repeat and after
 * any failure. Never throws for what is refused: `left.total` is 0 when it worked, but for what lies on nodes that did not answer (`left.unseen`). A lost manager throws InfraError.
 */
export async function removeStack(engine: Engine, options: RemovalOptions): Promise<Removal> {
  const errors = new Set<string>()
  const before = await takeLedger(engine, options)
  const of = { stack: options.stack, runId: options.runId, known: before }
  await attempt([options.stack], (stack) => stopRestartingServices(engine, stack, options.timeoutMs / 4), errors)
  await removeAll(engine, 'service', before.items.services, errors)
  if (options.polite) await containersEnd(engine, of, options.timeoutMs / 2)
  const waited = await waitFor(
    async () => {
      const left = await removeOnce(engine, of, errors)
      return left.total === 0 ? { state: 'ready', value: left } : { state: 'waiting', reason: describe(left) }
    },
    { name: `stack ${options.stack} to be gone`, timeoutMs: options.timeoutMs, everyMs: 100 },
  )
  const left = waited.state === 'ready' ? waited.value : await takeLedger(engine, of)
  return { removed: before.total, errors: [...errors], left }
}

/** Like `removeStack`, but throws InfraError `removal-incomplete` when something is left. */
export async function removeStackOrThrow(engine: Engine, options: RemovalOptions): Promise<Removal> {
  const removal = await removeStack(engine, options)
  if (removal.left.total === 0) return removal
  const why = removal.errors.length > 0 ? `; the engine said: ${removal.errors.slice(-5).join('; ')}` : ''
  throw new InfraError('removal-incomplete', `still there of stack ${options.stack}: ${describe(removal.left)}${why}`, {
    hint: "Run 'cc-ci gc'.",
  })
}

/** One line: `networks x_internal; volumes x_data`. */
export function describe(ledger: Ledger): string {
  const kinds = Object.entries(ledger.items).filter(([, names]) => names.length > 0)
  return kinds.map(([kind, names]) => `${kind} ${names.slice(0, 5).join(', ')}`).join('; ')
}

const AFTER_TASKS: readonly (readonly [LedgerKind, ObjectKind])[] = [
  ['networks', 'network'],
  ['secrets', 'secret'],
  ['configs', 'config'],
  ['volumes', 'volume'],
]

async function removeOnce(engine: Engine, of: LedgerQuery, errors: Set<string>): Promise<Ledger> {
  const now = await takeLedger(engine, of)
  await removeAll(engine, 'service', now.items.services, errors)
  await attempt(
    now.items.containers,
    (name) => inPlaces(engine, ({ objects }) => objects.removeContainer(name)),
    errors,
  )
  if (now.items.tasks.length > 0 || now.items.containers.length > 0) return now
  for (const [items, kind] of AFTER_TASKS) await removeAll(engine, kind, now.items[items], errors)
  return takeLedger(engine, of)
}

function removeAll(engine: Engine, kind: ObjectKind, names: readonly string[], errors: Set<string>): Promise<void> {
  const remove = (name: string) =>
    KINDS_OF_NODES.includes(kind)
      ? inPlaces(engine, ({ objects }) => objects.remove(kind, name))
      : engine.objects.remove(kind, name)
  return attempt(names, remove, errors)
}

/** On each node where it may be; removing what is not there is no error. A node that does not answer is named by the ledger. */
async function inPlaces(engine: Engine, act: (place: Engine) => Promise<unknown>): Promise<void> {
  for (const place of engine.places) {
    await act(place).catch((error: unknown) => {
      if (place.node === null || !isLost(error)) throw error
    })
  }
}

async function attempt(
  names: readonly string[],
  act: (name: string) => Promise<unknown>,
  errors: Set<string>,
): Promise<void> {
  const results = await Promise.allSettled(names.map(act))
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    if (isLost(result.reason)) throw result.reason
    errors.add(messageOf(result.reason))
  }
}

async function containersEnd(engine: Engine, of: LedgerQuery, timeoutMs: number): Promise<void> {
  await waitFor(
    async () => {
      const running = (await containersOf(engine, of)).filter((container) => container.state === 'running')
      if (running.length === 0) return { state: 'ready', value: null }
      return { state: 'waiting', reason: `${running.length} containers end` }
    },
    { name: 'containers to end by themselves', timeoutMs, everyMs: 200 },
  )
}
