/** What cc-ci does to a running app on purpose. */
const INTERVENTIONS = {
  /** Services are created or changed: nothing of them is judged until the wait for convergence begins. */
  deploy: { suspends: 'all', others: 'meant' },
  /** Hooks run in the named services, which may stop or restart the program there. */
  backup: { suspends: 'none', others: 'unexpected' },
  /** Data is destroyed and brought back below the app. */
  restore: { suspends: 'all', others: 'meant' },
  /** The containers of the named services are killed; what needs them may end too, also a moment later. */
  kill: { suspends: 'none', others: 'follow' },
  /** Code of the recipe or operator runs that may restart anything. */
  hook: { suspends: 'none', others: 'unexpected' },
  /** A one-shot is started by hand; the caller gets its exit and decides what that means. */
  'run-once': { suspends: 'named', others: 'unexpected' },
  /** Everything ends and comes back by itself. */
  'engine-restart': { suspends: 'all', others: 'meant' },
} as const satisfies Record<string, InterventionRule>

interface InterventionRule {
  /** What is not judged meanwhile, because no state of it means anything. */
  readonly suspends: 'all' | 'named' | 'none'
  /** What ends of services mean that are not named: `follow` = they may, also once soon after it. */
  readonly others: 'meant' | 'unexpected' | 'follow'
}

export type InterventionKind = keyof typeof INTERVENTIONS

/** One intervention and when it was, in epoch ms by our clock. */
export interface Intervention {
  readonly kind: InterventionKind
  /** The services that it may end; `all` is every one of the stack. */
  readonly services: 'all' | readonly string[]
  readonly from: number
  /** Null: it is going on. */
  readonly to: number | null
}

/** Those in which cc-ci itself ends the programs of the named services: no sign against them, whatever code they end with. */
export const ENDS_PROGRAMS: readonly InterventionKind[] = ['kill', 'engine-restart']

/** The engine tells of an end up to so much later. */
const GRACE_MS = 2_000
/** So long after a kill another service may end once, for want of what was killed: connections time out late. */
const FOLLOWS_MS = 60_000

export function isNamed({ services }: Intervention, service: string): boolean {
  return services === 'all' || services.includes(service)
}

/** Whether an end of this service within the span is explained by it. */
export function explains(span: Intervention, end: { readonly service: string; readonly at: number }): boolean {
  const within = end.at >= span.from && end.at <= (span.to ?? Number.POSITIVE_INFINITY) + GRACE_MS
  return within && (isNamed(span, end.service) || INTERVENTIONS[span.kind].others !== 'unexpected')
}

/** Whether this end, after the span, may still be a late consequence of it. */
export function mayFollow(span: Intervention, end: { readonly service: string; readonly at: number }): boolean {
  if (INTERVENTIONS[span.kind].others !== 'follow' || span.to === null || isNamed(span, end.service)) return false
  return end.at > span.to + GRACE_MS && end.at <= span.to + FOLLOWS_MS
}

/** What may not be judged by a look that began then: the names of services, or `all`. */
export function suspendedAt(spans: readonly Intervention[], began: number): 'all' | ReadonlySet<string> {
  const names = new Set<string>()
  for (const { kind, services, to } of spans) {
    const { suspends } = INTERVENTIONS[kind]
    if (suspends === 'none' || (to !== null && to <= began)) continue
    if (suspends === 'all' || services === 'all') return 'all'
    for (const name of services) names.add(name)
  }
  return names
}
