import type { Cause } from '../verdict/causes.ts'
import type { RunEvent } from '../verdict/events.ts'
import type { OperationKind } from '../verdict/operations.ts'
import type { TierId } from '../verdict/tiers.ts'

/** How long it took until the end of the deciding tier; of several attempts the longest counts. Null where there is no such moment. */
export interface Times {
  /** Since the last deployment had been handed to the engine. */
  readonly sinceDeploymentMs: number | null
  /** Since the last end of a program that its cause tells of. */
  readonly sinceSignMs: number | null
}

export const NO_TIMES: Times = { sinceDeploymentMs: null, sinceSignMs: null }

const DEPLOYS: ReadonlySet<OperationKind | undefined> = new Set(['deploy', 'upgrade'] as const)

/** When what decided in this tier was known. Kills and deployments of the same commit once more are no deployment. */
export function timesOf(events: readonly RunEvent[], tier: TierId | null): Times {
  const known = attemptsOf(events).flatMap((attempt) => {
    const end = attempt.find((event) => event.type === 'tier.ended' && event.tier === tier)
    return end ? [{ end: momentOf(end), deployed: deploymentIn(attempt), sign: signIn(attempt, tier) }] : []
  })
  return {
    sinceDeploymentMs: longest(known.map(({ end, deployed }) => deployed && end - deployed)),
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
  const ended = events.findLast((event) => event.type === 'operation.ended' && DEPLOYS.has(event.kind))
  const begun = events.findLast((event) => event.type === 'operation.started' && DEPLOYS.has(event.kind))
  const last = ended ?? begun
  return last ? momentOf(last) : null
}

function signIn(events: readonly RunEvent[], tier: TierId | null): number | null {
  const [decisive] = events.flatMap((event) =>
    event.type === 'check' && event.tier === tier && event.cause ? [event.cause] : [],
  )
  return decisive ? lastEnd(decisive) : null
}

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
