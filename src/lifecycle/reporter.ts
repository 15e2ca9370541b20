import type { Clock } from '../lib/clock.ts'
import type { EventSink } from '../verdict/events.ts'
import type { TierId } from '../verdict/tiers.ts'
import type { TierReporter } from './context.ts'

export function tierReporter(tier: TierId, events: EventSink, clock: Clock): TierReporter {
  return {
    tier,
    check: (name, outcome, cause) => events.append({ type: 'check', tier, name, outcome, ...(cause ? { cause } : {}) }),
    evidence: (evidence) => events.append({ type: 'evidence', tier, evidence }),
    finding: (finding) => events.append({ type: 'finding', ...finding }),
    onWaiting: (progress) => events.append({ type: 'wait.progress', tier, ...progress }),
    async operation(name, act) {
      const start = clock.now()
      events.append({ type: 'operation.started', tier, operation: name })
      try {
        return await act()
      } finally {
        events.append({ type: 'operation.ended', tier, operation: name, ms: clock.now() - start })
      }
    },
  }
}
