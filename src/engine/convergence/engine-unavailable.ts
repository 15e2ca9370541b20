import type { Clock } from '../../lib/async/clock.ts'
import type { Condition } from '../../lib/async/wait.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'

/** A restart of an engine with its Swarm takes some seconds; one that is gone for so long does not come back by itself. */
const UNAVAILABLE_MS = 30_000

/** The look of a wait that continues while the engine does not answer, for up to 30 s on end. */
export function retryWhileUnavailable<T, C>(
  clock: Clock,
  look: () => Promise<Condition<T, C>>,
): () => Promise<Condition<T, C>> {
  let unavailableSince: number | null = null
  return async () => {
    const begun = clock.now()
    try {
      const seen = await look()
      unavailableSince = null
      return seen
    } catch (error) {
      if (!isUnavailable(error)) throw error
      unavailableSince ??= begun
      if (clock.now() - unavailableSince >= UNAVAILABLE_MS) throw error
      return { state: 'waiting', reason: `the engine does not answer: ${messageOf(error)}` }
    }
  }
}

/** Gone, or back without its Swarm: a manager that starts answers with 503, or with 500 as long as it has no leader. */
function isUnavailable(error: unknown): boolean {
  if (!(error instanceof InfraError)) return false
  const status = 'status' in error && typeof error.status === 'number' ? error.status : 0
  return error.code === 'engine-lost' || status >= 500
}
