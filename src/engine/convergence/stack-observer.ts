import { type Clock, systemClock } from '../../lib/async/clock.ts'
import type { Engine } from '../client.ts'
import type { ContainerState, ServiceState, TaskState } from '../types.ts'
import { Activity, type TimeSpan } from './activity.ts'
import { type Expected, expectedServices, isTerminal, type ObservedTask, type StackSnapshot } from './snapshot.ts'

/** Older programs without a health check are taken as started. */
const WARM_UP_MS = 60_000
/** So long after somebody asked what is at work, all programs are measured. */
const MEASURED_FOR_MS = 15_000

/** Times in epoch ms by our clock. */
interface Remembered {
  readonly task: TaskState
  /** Since when it is in its state. */
  readonly since: number
  /** Since when it runs, or ran. */
  readonly runsSince?: number
}

/** What the memory asks of an engine. */
type Looked = Pick<Engine, 'services' | 'tasks' | 'container' | 'cpuMs' | 'containerLogs'>

/** Polls a stack, and keeps what the engine forgets: ended tasks, their containers, since when a state lasts. */
export class StackObserver {
  readonly #engine: Looked
  readonly #stack: string
  #expected: ReadonlyMap<string, Expected>
  readonly #clock: Clock
  readonly #tasks = new Map<string, Remembered>()
  readonly #containers = new Map<string, ContainerState>()
  readonly #activity: Activity
  #begun: number
  #measuresAllUntil = 0
  #lookedAt = 0
  last: StackSnapshot = { services: [], tasks: [], containers: new Map(), expected: new Map(), at: 0, waitedMs: 0 }

  constructor(engine: Looked, stack: string, expected: ReadonlyMap<string, Expected>, clock: Clock = systemClock) {
    this.#engine = engine
    this.#stack = stack
    this.#expected = expected
    this.#clock = clock
    this.#activity = new Activity(engine)
    this.#begun = clock.now()
  }

  /** From now on these are waited for; what is remembered stays. */
  expect(expected: ReadonlyMap<string, Expected>): void {
    this.#expected = expected
    this.#begun = this.#clock.now()
  }

  async poll(): Promise<StackSnapshot> {
    const began = this.#clock.now()
    const services = await this.#engine.services(this.#stack)
    const tasks = await this.#engine.tasks(this.#stack)
    for (const task of tasks) this.#remember(task)
    this.#lookedAt = this.#clock.now()
    this.#forgetVanished(new Set(tasks.map((task) => task.id)))
    const watched = tasks.filter((task) => this.#isExpected(services, task))
    await Promise.all(watched.map((task) => this.#lookInside(task)))
    const now = this.#clock.now()
    const starting = watched.filter((task) => this.#mayStillStart(task, now) || this.#isMeasured(task, now))
    await Promise.all(starting.map((task) => this.#activity.watch(task, now)))
    this.last = {
      services,
      tasks: this.#seen(now),
      containers: this.#containers,
      expected: this.#expected,
      at: now,
      began,
      waitedMs: now - this.#begun,
    }
    return this.last
  }

  /**
   * When anything of what is expected last showed work (see `Activity.lastSign`), epoch ms. Null while it is not known of every running
   * program, as for one on another node. Whoever asks has all of them measured for a while.
   */
  lastSign(excused: readonly TimeSpan[]): number | null {
    this.#measuresAllUntil = this.#clock.now() + MEASURED_FOR_MS
    const running = this.last.tasks.filter(
      (task) => task.state === 'running' && this.#isExpected(this.last.services, task),
    )
    const signs = running.map((task) => this.#activity.lastSign(task, excused))
    return signs.includes(null) ? null : Math.max(0, ...signs.map(Number))
  }

  #isMeasured(task: TaskState, now: number): boolean {
    return task.state === 'running' && now < this.#measuresAllUntil
  }

  /** The first service that has no running task of its own spec; for naming what a deadline was about. */
  unready(): string | undefined {
    const { tasks } = this.last
    const ready = (id: string) => tasks.some((task) => task.serviceId === id && task.state === 'running')
    return expectedServices(this.last).find(({ id, replicas }) => replicas !== 0 && !ready(id))?.service
  }

  /** Whoever expects nothing in particular wants to know about all. */
  #isExpected(services: readonly ServiceState[], task: TaskState): boolean {
    if (this.#expected.size === 0) return true
    return this.#expected.has(services.find(({ id }) => id === task.serviceId)?.service ?? '')
  }

  #remember(task: TaskState): void {
    const known = this.#tasks.get(task.id)
    // The engine's own time counts for what began before we looked, its clock may be another, and it tells some changes late: never into the
    // future, nor before the look that saw it in another state.
    const earliest = known ? this.#lookedAt : 0
    const since =
      known?.task.state === task.state
        ? known.since
        : Math.min(this.#clock.now(), Math.max(earliest, Date.parse(task.since)))
    const runsSince = task.state === 'running' ? (known?.runsSince ?? since) : known?.runsSince
    this.#tasks.set(task.id, { task, since, ...(runsSince === undefined ? {} : { runsSince }) })
  }

  /** A task that the engine dropped before its end was seen has no sign to go by. */
  #forgetVanished(present: ReadonlySet<string>): void {
    for (const [id, { task }] of this.#tasks) if (!present.has(id) && !isTerminal(task)) this.#tasks.delete(id)
  }

  async #lookInside(task: TaskState): Promise<void> {
    const { containerId: id } = task
    if (id === null) return
    const known = this.#containers.get(id)
    const settled =
      known && (known.finishedAt !== null || (task.state === 'running' && known.health?.status !== 'starting'))
    if (settled && !(isTerminal(task) && known.state === 'running')) return
    const container = await this.#engine.container(id)
    if (container) this.#containers.set(id, container)
  }

  /** A program of which nobody knows yet that it is up: its health check has not passed, or it has none, or it is a job. */
  #mayStillStart(task: TaskState, now: number): boolean {
    if (task.state === 'starting') return true
    if (task.state !== 'running') return false
    const since = this.#tasks.get(task.id)?.since ?? now
    const health = task.containerId === null ? null : this.#containers.get(task.containerId)?.health
    return task.jobRound !== null || (!health && now - since < WARM_UP_MS)
  }

  #seen(now: number): ObservedTask[] {
    return [...this.#tasks.values()]
      .map(({ task, since, runsSince }) => ({
        ...task,
        inStateMs: Math.max(0, now - since),
        quietMs: this.#activity.quietMs(task, now),
        ...(runsSince === undefined ? {} : { ranMs: Math.max(0, (isTerminal(task) ? since : now) - runsSince) }),
      }))
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }
}
