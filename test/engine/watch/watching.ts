import type { Engine } from '../../../src/engine/client.ts'
import type { StackSnapshot } from '../../../src/engine/convergence/snapshot.ts'
import type { ServiceState } from '../../../src/engine/types.ts'
import { StackWatch } from '../../../src/engine/watch/stack-watch.ts'
import type { Cause } from '../../../src/verdict/causes.ts'
import { type Life, lived, second } from './lives.ts'

interface Circumstances {
  readonly unforgiven?: readonly string[]
  readonly specs?: Readonly<Record<string, Partial<ServiceState>>>
  readonly mask?: (text: string) => string
}

/** A watch over services that live so, at a time that the test sets. Lives that are added later are seen from then on. */
export function watching(
  lives: Readonly<Record<string, readonly Life[]>>,
  { unforgiven = [], specs, mask }: Circumstances = {},
) {
  let now = 0
  let away: Error | null = null
  let answers = Promise.resolve()
  let alter = (seen: StackSnapshot) => seen
  let cpu: number | null = 0
  const counts = { looks: 0, sleeping: 0, closed: 0 }
  const wakers = new Set<() => void>()
  const outOfMemory = new Map<string, number>()
  const seen = (): StackSnapshot => {
    const soFar = Object.entries(lives).map(([name, mine]) => [
      name,
      mine
        .filter(({ from }) => from <= now)
        .map((life) => (life.to !== undefined && life.to > now ? { ...life, to: undefined } : life)),
    ])
    return alter(lived(now, Object.fromEntries(soFar) as Record<string, Life[]>, specs))
  }
  const engine = {
    async services() {
      counts.looks += 1
      await answers
      if (away) throw away
      return seen().services
    },
    tasks: async () => seen().tasks,
    container: async (id: string) => seen().containers.get(id) ?? null,
    cpuMs: async () => cpu,
    containerLogs: async () => '',
    taskLogs: async () => '',
    events: () => ({
      outOfMemory,
      wake: async () => undefined,
      listener: () => (signal: AbortSignal) => {
        return new Promise<void>((resolve, reject) => {
          wakers.add(resolve)
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        })
      },
      close: () => {
        counts.closed += 1
      },
    }),
  } as unknown as Engine
  const clock = {
    now: () => second(now),
    sleep: (_: number, signal?: AbortSignal) => {
      counts.sleeping += 1
      return new Promise<void>((_resolve, reject) =>
        signal?.addEventListener('abort', () => {
          counts.sleeping -= 1
          reject(signal.reason)
        }),
      )
    },
  }
  const watch = new StackWatch(engine, {
    stack: 's',
    clock,
    unforgiven: new Set(unforgiven),
    ...(mask ? { mask } : {}),
  })
  const found: Cause[] = []
  watch.onFailure((cause) => found.push(cause))
  const wake = async () => {
    for (const waker of wakers) waker()
    wakers.clear()
    await settled()
  }
  return {
    watch,
    found,
    /** How many looks began, how many sleeps continue, how often the events were closed. */
    counts,
    /** What the engine says at this second, told by an event; the watch has looked when it resolves. */
    async at(next: number) {
      now = next
      await wake()
    },
    /** Time passes and nothing is told. */
    passTo(next: number) {
      now = next
    },
    /** From now on the engine answers once this has resolved. */
    answerAfter(promise: Promise<void>) {
      answers = promise
    },
    breakWith(error: Error | null) {
      away = error
    },
    /** From now on the engine tells this of what it sees. */
    tell(change: (seen: StackSnapshot) => StackSnapshot) {
      alter = change
    },
    /** The engine tells that the kernel killed a process in the container of this service's first life. */
    killsIn(service: string, at: number) {
      outOfMemory.set(`c-${service}0`, second(at))
    },
    /** Processor time that every container has used, in ms; null: not to be had here. */
    uses(ms: number | null) {
      cpu = ms
    },
    /** Waits for these, besides what lives already. */
    converge: (...more: string[]) =>
      watch.converge({
        expected: [...Object.keys(lives), ...more].map((service) => ({ service })),
        timeoutMs: 60_000,
      }),
  }
}

/** Everything that does not wait for time or the engine has been done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}
