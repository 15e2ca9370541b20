import type { Clock } from '../../lib/async/clock.ts'
import { mapLimit } from '../../lib/async/map-limit.ts'
import { type Blindness, ObservationGaps } from '../../lib/async/observation-gaps.ts'
import { InfraError } from '../../lib/errors.ts'
import type { Engine } from '../client.ts'
import type { TaskContainer } from '../types.ts'

/** How often what all hold is added up. What they may take between two looks is bounded by their limits, which the kernel keeps. */
const EVERY_MS = 1_000
const ASKED_AT_ONCE = 8

export interface MemoryTotalOptions {
  readonly stack: string
  readonly mostBytes: number
  readonly clock: Clock
  /** Called after all containers of the service that held most were killed. */
  readonly onOver: (service: string, heldBytes: number) => void
}

/** The calls that this needs. */
type MemoryEngine = Pick<Engine, 'taskContainers' | 'memoryBytes' | 'objects' | 'container'>

/**
 * Keeps what all services of one run hold in memory together below a bound: no engine lets the services of a Swarm be bounded as a group, and limits that come to
 * less together would leave a large service less than the run has. Continues until it is closed, also beside a teardown: a service that was killed is started again.
 */
export class MemoryTotal implements Disposable {
  readonly #engine: MemoryEngine
  readonly #options: MemoryTotalOptions
  readonly #closing = new AbortController()
  readonly #lookout: ObservationGaps

  constructor(engine: MemoryEngine, options: MemoryTotalOptions) {
    this.#engine = engine
    this.#options = options
    this.#lookout = new ObservationGaps(options.clock)
    void this.#watch()
  }

  /** How blind it was so far, after another look where it never saw anything; null: not at all. */
  async blindness(): Promise<Blindness | null> {
    if (this.#lookout.blindness?.never && !this.#closing.signal.aborted) await this.#lookout.keep(() => this.#look())
    return this.#lookout.blindness
  }

  close(): void {
    this.#closing.abort()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing
    while (!signal.aborted) {
      await this.#lookout.keep(() => this.#look())
      await this.#options.clock.sleep(EVERY_MS, signal).catch(() => undefined)
    }
  }

  /** False: nothing runs. */
  async #look(): Promise<boolean> {
    const { stack, mostBytes, onOver } = this.#options
    const containers = await this.#engine.taskContainers(`${stack}_`)
    const held = await mapLimit(ASKED_AT_ONCE, containers, async (container) => ({
      container,
      bytes: await this.#held(container),
    }))
    const total = held.reduce((sum, { bytes }) => sum + bytes, 0)
    if (total <= mostBytes || this.#closing.signal.aborted) return containers.length > 0
    const largest = largestOf(held)
    const theirs = held.filter(({ container }) => container.service === largest)
    await Promise.all(theirs.map(({ container }) => this.#engine.objects.killContainer(container.id)))
    onOver(largest.slice(stack.length + 1), total)
    return true
  }

  /** An engine that counts no memory says nothing of it, as of a container that has just ended. */
  async #held({ id, service }: TaskContainer): Promise<number> {
    const bytes = await this.#engine.memoryBytes(id)
    if (bytes !== null) return bytes
    if ((await this.#engine.container(id))?.state !== 'running') return 0
    throw new InfraError('memory-unknown', `the engine does not say what memory ${service} holds`)
  }
}

/** The service whose containers hold most together. */
function largestOf(held: readonly { readonly container: TaskContainer; readonly bytes: number }[]): string {
  const sums = new Map<string, number>()
  for (const { container, bytes } of held) sums.set(container.service, bytes + (sums.get(container.service) ?? 0))
  return [...sums].reduce((most, one) => (one[1] > most[1] ? one : most), ['', -1] as [string, number])[0]
}
