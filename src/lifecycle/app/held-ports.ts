import { waitFor } from '../../lib/async/wait.ts'
import { tryMachineLock } from '../../lib/process/machine-lock.ts'
import { cause } from '../../verdict/causes.ts'
import { type RunContext, TierStop } from '../context.ts'
import { portSubject, publishedPorts } from '../judging/regression.ts'
import { releasesOf } from '../planning/releases.ts'
import type { TierReporter } from '../reporter.ts'

/** As long as a whole run of another app usually takes, and some. */
const TIMEOUT_MS = 30 * 60_000

/** The ports of this machine that a run's app publishes. Two runs that want the same one come one after the other; the kernel frees it with the process. */
export class HeldPorts implements Disposable {
  readonly #locks = new Map<string, Disposable>()

  /** False where another run has it. */
  async take(port: string): Promise<boolean> {
    if (this.#locks.has(port)) return true
    const lock = await tryMachineLock(`cc-ci-${port}`)
    if (lock) this.#locks.set(port, lock)
    return lock !== null
  }

  [Symbol.dispose](): void {
    for (const lock of this.#locks.values()) lock[Symbol.dispose]()
    this.#locks.clear()
  }
}

/** Waits until no other run has a port that a release of this one publishes. In one order for all, so that no two wait for each other. */
export async function holdPorts(context: RunContext, reporter: TierReporter): Promise<void> {
  const { plan, ports, clock, signal } = context
  const wanted = new Set(releasesOf(plan).flatMap(({ stack }) => publishedPorts(stack).map(portSubject)))
  for (const port of [...wanted].sort()) {
    const subject = port.slice('port:'.length)
    const reason = `another run on this machine publishes ${subject}`
    const result = await waitFor<true, never>(
      async () => ((await ports.take(port)) ? { state: 'ready', value: true } : { state: 'waiting', reason }),
      {
        wait: { id: 'port', subject },
        timeoutMs: TIMEOUT_MS,
        everyMs: 1000,
        ...{ signal, clock, onWaiting: reporter.onWaiting },
      },
    )
    if (result.state === 'ready') continue
    const message = `${reason}, and has done so for ${TIMEOUT_MS / 60_000} minutes`
    throw new TierStop('converged', cause('port-in-use', message))
  }
}
