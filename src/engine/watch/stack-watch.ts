import { type Clock, systemClock } from '../../lib/async/clock.ts'
import type { Blindness } from '../../lib/async/observation-gaps.ts'
import { forkRefusals } from '../../lib/process/fork-refusals.ts'
import type { Cause } from '../../verdict/causes.ts'
import type { Engine } from '../client.ts'
import type { TimeSpan } from '../convergence/activity.ts'
import {
  type ConvergeOptions,
  type ConvergeResult,
  convergeOn,
  diagnosisCause,
  expectedFrom,
} from '../convergence/converge.ts'
import { rootFailure } from '../convergence/decide.ts'
import { runMemoryExceeded } from '../convergence/out-of-memory.ts'
import type { Diagnosis, StackSnapshot } from '../convergence/snapshot.ts'
import { StackObserver } from '../convergence/stack-observer.ts'
import { type Exit, exitsOf } from './exits.ts'
import { type Intervention, type InterventionKind, suspendedAt } from './interventions.ts'
import { MemoryTotal } from './memory-total.ts'
import { withReportedKills } from './reported-kills.ts'
import { countedOf, exitFindings, judgeExits, type UnprovenService, unprovenServices } from './stability.ts'
import { type Starvation, starvationIn } from './starvation.ts'

/** The poll behind the events of the engine. */
const EVERY_MS = 1_000
/** States in which a task stays by itself. */
const RESTING: ReadonlySet<string> = new Set([
  'running',
  'complete',
  'failed',
  'rejected',
  'shutdown',
  'remove',
  'orphaned',
])

export interface StackWatchOptions {
  readonly stack: string
  readonly clock?: Clock
  /** Masks secrets in causes. Default: as they are. */
  readonly mask?: (text: string) => string
  /** Services whose first unexpected end is one too many: they ended in an earlier attempt of the same run. */
  readonly unforgiven?: ReadonlySet<string>
  /** What all services of the stack, and of those named below it, may hold in memory together; default: what their limits let them. */
  readonly mostBytes?: number
}

/**
 * THE watch over one app's life, from its first deployment to its removal: one memory of services, tasks, containers, health, ends and activity,
 * looked at whenever the engine says that something happened, and every second. Waits ask it, and what it finds ends them: `onFailure`.
 * What cc-ci does to the app on purpose is declared with `during`. Judges only what `converge` has seen come up.
 */
export class StackWatch implements Disposable {
  readonly #engine: Engine
  readonly #options: StackWatchOptions
  readonly #clock: Clock
  readonly #observer: StackObserver
  readonly #events: ReturnType<Engine['events']>
  readonly #total: MemoryTotal | null
  #imposed: Diagnosis | null = null
  readonly #closing = new AbortController()
  readonly #spans: Intervention[] = []
  readonly #listeners = new Set<(cause: Cause) => void>()
  #looking: Promise<StackSnapshot> | null = null
  #next: Promise<StackSnapshot> | null = null
  #converging = 0
  readonly #deployed: (() => void)[] = []
  readonly #reported = new Set<string>()
  /** The longest life of each version of a service, in ms: the engine forgets the tasks of a service that was stopped. */
  readonly #lives = new Map<string, number>()
  /** When the app was first up. */
  #upSince = Number.POSITIVE_INFINITY
  #failure: Promise<Cause> | null = null
  #state = ''
  #stateSince = 0

  constructor(engine: Engine, options: StackWatchOptions) {
    this.#engine = engine
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#observer = new StackObserver(engine, options.stack, new Map(), this.#clock)
    this.#events = engine.events(options.stack)
    void this.#watch()
    const { stack, mostBytes } = options
    const onOver = (service: string, heldBytes: number) =>
      this.#overTotal(service, { heldBytes, mostBytes: mostBytes ?? 0 })
    this.#total =
      mostBytes === undefined ? null : new MemoryTotal(engine, { stack, mostBytes, clock: this.#clock, onOver })
  }

  /** A look that began after this call. Where the one that continues fails, the engine does not answer now: nobody waits for it a second time. */
  look(): Promise<StackSnapshot> {
    if (!this.#looking) return this.#begin()
    this.#next ??= this.#looking
      .catch((error: unknown) => {
        this.#next = null
        throw error
      })
      .then(() => this.#begin())
    return this.#next
  }

  /** Called once with what decided, at the latest a second after it can be known; at once when it is known already. Returns the way to stop listening. */
  onFailure(listener: (cause: Cause) => void): () => void {
    this.#listeners.add(listener)
    void this.#failure?.then((cause) => this.#listeners.has(listener) && listener(cause))
    return () => this.#listeners.delete(listener)
  }

  /** Declares what is done to the app while `act` continues: the ends that it explains are no faults. */
  async during<T>(
    { kind, services }: { readonly kind: InterventionKind; readonly services: Intervention['services'] },
    act: () => Promise<T>,
  ): Promise<T> {
    const end = this.begin({ kind, services })
    try {
      return await act()
    } finally {
      end()
    }
  }

  /** The same for a deployment, which is over when the app has converged, or will not. */
  async deploying<T>(act: () => Promise<T>): Promise<T> {
    this.#deployed.push(this.begin({ kind: 'deploy', services: 'all' }))
    return act()
  }

  /** For `waitFor`'s wake. */
  listener(): (signal: AbortSignal) => Promise<void> {
    return this.#events.listener()
  }

  /** The same for what does not end with a call; gives the way to end it. */
  begin({
    kind,
    services,
  }: {
    readonly kind: InterventionKind
    readonly services: Intervention['services']
  }): () => void {
    const index = this.#spans.push({ kind, services, from: this.#clock.now(), to: null }) - 1
    return () => {
      const span = this.#spans[index] as Intervention
      this.#spans[index] = { ...span, to: span.to ?? this.#clock.now() }
    }
  }

  /** Waits for convergence as `convergence/converge.ts` does, with this memory. From its first success on the app counts as up. */
  async converge(options: Omit<ConvergeOptions, 'stack' | 'mask' | 'clock'>): Promise<ConvergeResult> {
    const { stack, mask } = this.#options
    this.#observer.expect(expectedFrom(options))
    this.#converging += 1
    try {
      const looking = {
        engine: this.#engine,
        observer: this.#observer,
        look: () => this.look(),
        wake: this.#events.listener(),
      }
      const result = await convergeOn(looking, { ...options, stack, clock: this.#clock, ...(mask ? { mask } : {}) })
      if (result.state === 'ready') this.#upSince = Math.min(this.#upSince, this.#observer.last.at)
      return result
    } finally {
      this.#converging -= 1
      for (const end of this.#deployed.splice(0)) end()
    }
  }

  /** True once it is decided that the app failed. */
  get failed(): boolean {
    return this.#failure !== null
  }

  /** Judges what is to be seen now; null while nothing is decided. */
  async failure(): Promise<Cause | null> {
    this.#judge(await this.look())
    return this.#failure
  }

  /** What must still be outlived before a tier may pass: by services that ended once, and by those that have not run for `leastMs` without a break. */
  async unproven({ leastMs }: { readonly leastMs: number }): Promise<readonly UnprovenService[]> {
    const snapshot = await this.look()
    const { unproven } = judgeExits(snapshot, this.exits(snapshot), this.#options.unforgiven)
    const young = unprovenServices(snapshot, leastMs).filter(
      ({ service }) => this.#longestLife(snapshot, service) < leastMs,
    )
    return [...unproven, ...young]
  }

  #longestLife({ services }: StackSnapshot, name: string): number {
    const service = services.find((one) => one.service === name)
    return (service && this.#lives.get(lifeKey(service.id, service.unplacedHash))) ?? 0
  }

  /**
   * `AppActivity` of the checks: when the app was last seen at work, epoch ms: a task or a health state changed, a program started, a line was written to a log (outside of
   * `excused`), the processor was used. Null while it cannot be known.
   */
  lastAt(excused: readonly TimeSpan[] = []): number | null {
    if (this.#closing.signal.aborted) return null
    const sign = this.#observer.lastSign(excused)
    return sign === null ? null : Math.max(sign, this.#stateSince)
  }

  /** Ends of programs since the app was up, with what explains each. */
  exits(snapshot = this.#observer.last): readonly Exit[] {
    return exitsOf(snapshot, { since: this.#upSince, spans: this.#spans })
  }

  /** Ends that count against a service and were not told before, each in words. */
  news(): readonly { readonly service: string; readonly message: string }[] {
    const fresh = exitFindings(this.#observer.last, this.exits()).filter(({ task }) => !this.#reported.has(task.id))
    for (const { task } of fresh) this.#reported.add(task.id)
    return fresh
  }

  /**
   * The first service that met a limit which is not the recipe's, whether or not its container ended by that, since then (epoch ms), or before in a container that runs
   * still; null: none. The kernel killed a process of it for memory, or refused it one more process. What a check finds wrong beside it may come of that.
   */
  starved(since: number): Starvation | null {
    return starvationIn(this.#observer.last, { since, killed: this.#events.outOfMemory, refused: forkRefusals() })
  }

  /** Services that ended by themselves so far: see `unforgiven`. */
  ended(): ReadonlySet<string> {
    const exits = this.exits()
    return new Set(exits.map(({ service }) => service).filter((service) => countedOf(exits, { service }).length > 0))
  }

  /** How blind it was for what all services hold in memory together; null: not at all, or nobody needs to know. */
  async memoryBlindness(): Promise<Blindness | null> {
    return (await this.#total?.blindness()) ?? null
  }

  close(): void {
    this.#closing.abort()
    this.#total?.close()
    this.#events.close()
    this.#listeners.clear()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #begin(): Promise<StackSnapshot> {
    this.#next = null
    const looking = this.#lookNow().finally(() => {
      if (this.#looking === looking) this.#looking = null
    })
    this.#looking = looking
    return looking
  }

  /** Its containers are killed already: whoever waits for it need not wait, and what comes after is a consequence. */
  #overTotal(service: string, held: { readonly heldBytes: number; readonly mostBytes: number }): void {
    this.#imposed ??= { ...runMemoryExceeded(service, held), service, tasks: [] }
  }

  async #lookNow(): Promise<StackSnapshot> {
    const snapshot = await this.#seen()
    this.#noteState(snapshot)
    for (const { serviceId, unplacedHash, ranMs = 0 } of snapshot.tasks) {
      const key = lifeKey(serviceId, unplacedHash)
      this.#lives.set(key, Math.max(ranMs, this.#lives.get(key) ?? 0))
    }
    const own = new Set(this.exits(snapshot).flatMap(({ task, why }) => (why === 'own' ? [task.id] : [])))
    if (own.size === 0) return snapshot
    const marked = snapshot.tasks.map((task) => (own.has(task.id) ? { ...task, meant: true } : task))
    this.#observer.last = { ...snapshot, tasks: marked }
    return this.#observer.last
  }

  async #seen(): Promise<StackSnapshot> {
    const snapshot = withReportedKills(await this.#observer.poll(), this.#events.outOfMemory)
    this.#observer.last = this.#imposed ? { ...snapshot, imposed: this.#imposed } : snapshot
    return this.#observer.last
  }

  /** A program that starts changes all the time, as far as anybody can tell. */
  #noteState({ services, tasks, containers, at }: StackSnapshot): void {
    const state = JSON.stringify([
      services.map(({ id, version }) => [id, version]),
      tasks.map(({ id, state, desired }) => [id, state, desired]),
      [...containers.values()].map(({ id, state, health }) => [id, state, health?.status]),
    ])
    const starts = tasks.some(({ state, desired }) => !RESTING.has(state) && desired === 'running')
    if (state === this.#state && !starts) return
    this.#state = state
    this.#stateSince = at
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing
    const heard = this.#events.listener()
    while (!signal.aborted) {
      try {
        this.#judge(await this.look())
      } catch {
        // Whoever waits for the app, or ends a tier, looks too and tells what is wrong; here it only means to look again.
      }
      const pause = new AbortController()
      const until = AbortSignal.any([signal, pause.signal])
      await Promise.race([heard(until), this.#clock.sleep(EVERY_MS, until)]).catch(() => undefined)
      pause.abort()
    }
  }

  #judge(snapshot: StackSnapshot): void {
    if (this.#failure || this.#converging > 0 || this.#upSince === Number.POSITIVE_INFINITY) return
    const suspended = suspendedAt(this.#spans, snapshot.began ?? snapshot.at)
    if (suspended === 'all') return
    const services = snapshot.services.filter(({ service }) => !suspended.has(service))
    const found = this.#decisive({ ...snapshot, services })
    if (!found) return
    const { mask = (text: string) => text } = this.#options
    const failure = diagnosisCause(this.#engine, snapshot, found, mask)
    this.#failure = failure
    void failure.then((cause) => {
      for (const listener of this.#listeners) listener(cause)
    })
  }

  #decisive(snapshot: StackSnapshot): Diagnosis | null {
    if (snapshot.imposed) return snapshot.imposed
    const root = rootFailure(snapshot)
    const { failure } = judgeExits(snapshot, this.exits(snapshot), this.#options.unforgiven)
    // Of one service the ends tell more: at which age, and whether that is a habit.
    return root && root.service !== failure?.service ? root : failure
  }
}

function lifeKey(serviceId: string, unplacedHash: string): string {
  return `${serviceId} ${unplacedHash}`
}
