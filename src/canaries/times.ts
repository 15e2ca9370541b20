import type { Cause } from '../verdict/causes.ts'
import type { RunEvent } from '../verdict/events.ts'
import type { OperationKind } from '../verdict/operations.ts'
import type { TierId } from '../verdict/tiers.ts'

/** How long it took until the end of the deciding tier; of several attempts the longest counts. Null where there is no such moment. */
export interface Times {
  /**
   * Since the act that it judges: the last deployment, or what a later tier did (a backup, a restore, a kill). What ends by itself is counted from the
   * last deployment in whatever tier.
   */
  readonly sinceActMs: number | null
  /** Since the last end of a program that its cause tells of. */
  readonly sinceSignMs: number | null
}

export const NO_TIMES: Times = { sinceActMs: null, sinceSignMs: null }

const DEPLOYS: ReadonlySet<OperationKind | undefined> = new Set(['deploy', 'step', 'upgrade', 'roll-back'] as const)

/** When what decided in this tier was known. Kills and deployments of the same commit once more are no deployment. */
export function timesOf(events: readonly RunEvent[], tier: TierId | null): Times {
  const known = attemptsOf(events).flatMap((attempt) => {
    const end = attempt.find((event) => event.type === 'tier.ended' && event.tier === tier)
    if (!end) return []
    const decisive = attempt.findIndex((event) => event.type === 'check' && event.tier === tier && event.cause)
    const check = attempt[decisive]
    const before = attempt.slice(0, decisive < 0 ? undefined : decisive)
    const lasts = check?.type === 'check' && check.id === 'stayed-up'
    const ownAct = lasts ? null : actIn(before, tier)
    const act = ownAct ?? deploymentIn(before)
    const sign = check?.type === 'check' && check.cause ? lastEnd(check.cause) : null
    return [{ end: momentOf(end), act, sign }]
  })
  return {
    sinceActMs: longest(known.map(({ end, act }) => act && end - act)),
    sinceSignMs: longest(known.map(({ end, sign }) => sign && end - sign)),
  }
}

function attemptsOf(events: readonly RunEvent[]): RunEvent[][] {
  const attempts: RunEvent[][] = [[]]
  for (const event of events) {
    if (event.type === 'attempt.started') attempts.push([])
    attempts.at(-1)?.push(event)
  }
  return attempts
}

/** Where none came to its end the one that was begun counts. */
function deploymentIn(events: readonly RunEvent[]): number | null {
  return lastAct(events, (event) => DEPLOYS.has(event.kind))
}

/** What a tier after the deployments did; that it began, where it only asks. */
function actIn(events: readonly RunEvent[], tier: TierId | null): number | null {
  if (tier === 'install' || tier === 'upgrade') return null
  const begun = events.find((event) => event.type === 'tier.started' && event.tier === tier)
  return lastAct(events, (event) => event.tier === tier) ?? (begun ? momentOf(begun) : null)
}

function lastAct(events: readonly RunEvent[], wanted: (event: Act) => boolean): number | null {
  const acts = events.filter((event) => event.type === 'operation.started' || event.type === 'operation.ended')
  const mine = acts.filter(wanted)
  const last = mine.findLast(({ type }) => type === 'operation.ended') ?? mine.at(-1)
  return last ? momentOf(last) : null
}

type Act = Extract<RunEvent, { type: 'operation.started' | 'operation.ended' }>

/** The moment of the last task that the cause has a line of: `task … at 2026-11-29T09:01:12.760`. */
function lastEnd({ lines }: Cause): number | null {
  const moments = lines.flatMap((line) => {
    const [, moment] = /^task .* at (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)/.exec(line) ?? []
    return moment === undefined ? [] : [Date.parse(`${moment}Z`)]
  })
  return longest(moments)
}

function momentOf({ at }: RunEvent): number {
  return Date.parse(at)
}

function longest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : Math.max(...known)
}
