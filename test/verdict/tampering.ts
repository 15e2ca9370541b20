import type { RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { TIERS, type TierId } from '../../src/verdict/tiers.ts'

interface Tampering {
  /** `upgrade without witness`. */
  readonly what: string
  readonly tier: TierId
  readonly events: readonly RunEvent[]
}

/**
 * Every way to take from a recorded run one thing that a passed tier needs: all evidence of a kind that it requires, the content of each
 * such piece, its checks, its tests, its end. None of them may leave the tier a pass.
 */
export function tamperings(events: readonly RunEvent[]): Tampering[] {
  const passed = fold(events).tiers.filter(({ status }) => status === 'pass')
  return passed.flatMap(({ id }) => [...withoutEvidence(events, id), ...withoutFacts(events, id)])
}

/** Those that leave their tier, or the run, a pass all the same. Empty: every piece is needed. */
export function undetected(events: readonly RunEvent[]): string[] {
  return tamperings(events)
    .filter(({ tier, events }) => {
      const { tiers, verdict } = fold(events)
      const status = tiers.find(({ id }) => id === tier)?.status
      return status !== 'unverified' || (tier !== 'lint' && verdict === 'pass')
    })
    .map(({ what }) => what)
}

function withoutEvidence(events: readonly RunEvent[], tier: TierId): Tampering[] {
  const mine = (event: RunEvent, kind: string) =>
    event.type === 'evidence' && event.tier === tier && event.evidence.kind === kind
  const kinds = TIERS[tier].requires.flatMap((need) => (typeof need === 'string' ? [need] : [...need]))
  return [...new Set(kinds)]
    .filter((kind) => events.some((event) => mine(event, kind)))
    .flatMap((kind) => [
      { what: `${tier} without ${kind}`, tier, events: events.filter((event) => !mine(event, kind)) },
      {
        what: `${tier} with hollow ${kind}`,
        tier,
        events: events.map((event) => (mine(event, kind) ? hollow(event) : event)),
      },
    ])
}

/** The kind and nothing else, as a step would record that looked at nothing. */
function hollow(event: RunEvent): RunEvent {
  if (event.type !== 'evidence') return event
  return { ...event, evidence: { kind: event.evidence.kind } } as RunEvent
}

function withoutFacts(events: readonly RunEvent[], tier: TierId): Tampering[] {
  const types = ['check', 'tier.ended'] as const
  return types.map((type) => ({
    what: `${tier} without ${type}`,
    tier,
    events: events.filter((event) => event.type !== type || event.tier !== tier),
  }))
}
