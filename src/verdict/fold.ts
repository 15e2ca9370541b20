import { InternalError } from '../lib/errors.ts'
import { attemptsOf, type CountedAttempts, countAttempts, type JudgedAttempt } from './attempts.ts'
import type { ContainerRun, EventType, RunEvent } from './events.ts'
import { levelOf } from './level.ts'
import type { Results, TierResult, Verdict } from './results.ts'
import { blockedOutcome, type Outcome, type OutcomeFacts, type TierFacts, tierOutcome } from './tier-outcome.ts'
import { TIER_IDS, TIERS, type TierId } from './tiers.ts'

type Of<T extends EventType> = Extract<RunEvent, { type: T }>

/**
 * What a run's events amount to. Pure: the same events give the same results, also for a stream that is still growing or was cut
 * off, whose verdict is never `pass`. Only the order of events within one tier matters (the first cause decides). Throws
 * InternalError `stream-without-start` when there is no `run.started`.
 */
export function fold(events: readonly RunEvent[]): Results {
  const start = first(events, 'run.started')
  if (!start) throw new InternalError('stream-without-start', 'the events do not say which run they are about')
  const run = runFacts(events, start)
  const attempts = judgeAttempts(events, start)
  const counted = countAttempts(attempts, start)
  const { tiers } = counted
  const leaks = of(events, 'leak').map(({ kind, name }) => ({ kind, name }))
  const scans = of(events, 'secrets.scanned')
  const secretLeaks = [...new Set(scans.flatMap((scan) => scan.leaks))]
  return {
    schema: 1,
    ...(start.evidenceSchema === undefined ? {} : { evidenceSchema: start.evidenceSchema }),
    tool: start.tool,
    run: {
      id: start.run.id,
      startedAt: start.at,
      finishedAt: (first(events, 'run.ended') ?? events.at(-1))?.at ?? start.at,
      host: start.run.host,
      stack: start.stack,
      domain: start.domain,
      complete: run.complete,
      interrupted: run.interrupted,
      ...(start.resumed === undefined ? {} : { resumed: start.resumed }),
    },
    recipe: start.recipe,
    base: start.base,
    verdict: verdictOf(tiers, { ...run, orderly: counted.orderly }),
    level: levelOf(tiers),
    tiers,
    ...(counted.others.length > 0 ? { attempts: counted.others.map((other) => attemptOf(other, start)) } : {}),
    findings: unique([...of(events, 'finding').map(body), ...counted.findings]),
    flags: {
      cleanTeardown: leaks.length === 0 && attempts.every(({ tiers }) => tiers.some(isCleanTeardown)),
      noSecretLeak: scans.length > 0 && secretLeaks.length === 0,
    },
    leaks,
    secretLeaks,
    ...notLooked(scans),
    accommodations: [...new Set(of(events, 'accommodation').map(({ text }) => text))],
    images: lastByService(of(events, 'image').map(body)),
    ...mostMemory(of(events, 'memory')),
    ...containersOf(of(events, 'container').map(body)),
    ...(start.contract === undefined ? {} : { contract: start.contract }),
    customization: start.customization,
    ...(start.expected === undefined ? {} : { expected: start.expected }),
    ...(start.deadlines === undefined ? {} : { deadlines: start.deadlines }),
    environment: environmentOf(events),
    artifacts: unique(of(events, 'artifact').map(body)),
  }
}

/** Streams of earlier versions do not say. */
function notLooked(scans: readonly Of<'secrets.scanned'>[]): Pick<Results, 'notLooked'> {
  const notLooked = scans.flatMap((scan) => (scan.notLooked ? [scan.notLooked] : []))
  return notLooked.length > 0 ? { notLooked: unique(notLooked.flat().map(({ file, why }) => ({ file, why }))) } : {}
}

/** All is removed, also where a secret that leaked keeps the tier from passing: that has a flag of its own. */
function isCleanTeardown({ id, status, cause }: TierResult): boolean {
  return id === 'teardown' && (status === 'pass' || cause?.code === 'secret-leaked')
}

/**
 * `fail` when a tier fails; else `unverified` when one is, when the stream has no end, or when nothing was proven; else `pass`.
 * A failed lint decides its rung only, unless the operator enforces it or nothing else was judged.
 */
function verdictOf(
  tiers: readonly TierResult[],
  { header, complete, orderly = true }: Pick<OutcomeFacts, 'header' | 'complete'> & { orderly?: boolean },
): Verdict {
  const judged = tiers.filter(({ id, status }) => status !== 'skip' && TIERS[id].app !== 'last')
  const always = ({ id }: TierResult) => TIERS[id].decides === 'always'
  const allDecide = header.lintEnforced === true || !judged.some(always)
  const deciding = tiers.filter((tier) => allDecide || always(tier) || tier.status !== 'fail')
  if (deciding.some(({ status }) => status === 'fail')) return 'fail'
  const proven = judged.some(({ status }) => status === 'pass')
  return complete && orderly && proven && !deciding.some(({ status }) => status === 'unverified')
    ? 'pass'
    : 'unverified'
}

/** Each attempt by itself. */
function judgeAttempts(events: readonly RunEvent[], header: Of<'run.started'>): JudgedAttempt[] {
  const all = attemptsOf(events)
  return all.map((mine, index) => {
    const isLast = index === all.length - 1
    const run = { ...runFacts(mine, header), complete: !isLast || events.some(({ type }) => type === 'run.ended') }
    return { attempt: index + 1, events: mine, tiers: judgeTiers(mine, run) }
  })
}

function attemptOf(
  { attempt, because, events, tiers }: CountedAttempts['others'][number],
  start: Of<'run.started'>,
): NonNullable<Results['attempts']>[number] {
  return {
    attempt,
    because,
    startedAt: (first(events, 'attempt.started') ?? start).at,
    finishedAt: (events.at(-1) ?? start).at,
    verdict: verdictOf(tiers, { header: start, complete: true }),
    tiers: [...tiers],
  }
}

function runFacts(events: readonly RunEvent[], header: Of<'run.started'>): OutcomeFacts {
  const snapshotOf = (tier: TierId) => {
    const found = of(events, 'evidence').find((event) => event.tier === tier && event.evidence.kind === 'snapshot')
    return found?.evidence.kind === 'snapshot' ? found.evidence.id : undefined
  }
  const resumed = of(events, 'evidence').find(({ evidence }) => evidence.kind === 'resumed')?.evidence
  const [snapshot, snapshotBefore] = [snapshotOf('backup'), snapshotOf('upgrade')]
  return {
    header,
    complete: events.some(({ type }) => type === 'run.ended'),
    interrupted: first(events, 'run.interrupted')?.signal ?? null,
    touched: of(events, 'tier.started').some(({ tier }) => TIERS[tier].app !== 'none'),
    ...(snapshot ? { snapshot } : {}),
    ...(snapshotBefore ? { snapshotBefore } : {}),
    ...(resumed ? { resumed } : {}),
  }
}

function judgeTiers(events: readonly RunEvent[], run: OutcomeFacts): TierResult[] {
  const listed = TIER_IDS.filter((id) => !TIERS[id].byRequest || run.header.selected.includes(id))
  const facts = new Map(listed.map((tier) => [tier, tierFacts(tier, events)]))
  const outcomes = new Map<TierId, Outcome>()
  for (const [tier, known] of facts) {
    const outcome = tierOutcome(known, run)
    if (outcome) outcomes.set(tier, outcome)
  }
  for (const [tier, { blockedBy }] of facts) {
    if (blockedBy && !outcomes.has(tier)) outcomes.set(tier, blockedOutcome(blockedBy, outcomes.get(blockedBy)))
  }
  return [...facts].map(([tier, known]) => tierResult(known, outcomes.get(tier) as Outcome, events))
}

function tierFacts(tier: TierId, events: readonly RunEvent[]): TierFacts {
  const mine = events.filter((event) => 'tier' in event && event.tier === tier)
  const teardown = tier === 'teardown'
  const leaks = teardown ? of(events, 'leak').map(({ kind, name }) => `${kind} ${name}`) : []
  const secretLeaks = teardown ? of(events, 'secrets.scanned').flatMap((scan) => scan.leaks) : []
  return {
    tier,
    started: first(mine, 'tier.started')?.at,
    ended: first(mine, 'tier.ended')?.at,
    skipped: first(mine, 'tier.skipped'),
    blockedBy: first(mine, 'tier.blocked')?.by,
    doubt: first(mine, 'tier.doubted')?.cause,
    checks: of(mine, 'check'),
    evidence: of(mine, 'evidence').map(({ evidence }) => evidence),
    tests: of(mine, 'test').map(({ test }) => test),
    leaks,
    secretLeaks,
  }
}

function tierResult(facts: TierFacts, outcome: Outcome, events: readonly RunEvent[]): TierResult {
  const { tier, started, ended, evidence, tests, checks } = facts
  const until = ended ?? events.at(-1)?.at ?? started
  const operations = of(events, 'operation.ended').filter((event) => event.tier === tier)
  return {
    id: tier,
    ...outcome,
    startedAt: started ?? null,
    durationMs: started && until ? Math.max(0, Date.parse(until) - Date.parse(started)) : 0,
    ...convergedMs(facts, events),
    evidence,
    tests,
    checks: checks.map(({ id, subject, after, name, outcome, cause, machine }) =>
      defined({ id, subject, after, name, outcome, cause, machine }),
    ),
    operations: operations.map(({ kind, subject, service, operation, ms }) =>
      defined({ kind, subject, service, operation, ms }),
    ),
  }
}

/** From the beginning of the deployment of a tier to the check that every service is up. */
function convergedMs({ tier, checks }: TierFacts, events: readonly RunEvent[]): Pick<TierResult, 'convergedMs'> {
  const begun = of(events, 'operation.started').find(
    (event) => event.tier === tier && (event.kind === 'deploy' || event.kind === 'upgrade'),
  )
  const up = checks.find(({ id, outcome }) => id === 'converged' && outcome === 'pass')
  if (!begun || !up || up.seq < begun.seq) return {}
  return { convergedMs: Math.max(0, Date.parse(up.at) - Date.parse(begun.at)) }
}

function environmentOf(events: readonly RunEvent[]): Results['environment'] {
  const found = of(events, 'environment').at(-1)
  return found ? { ...body(found), load: [...found.load] } : null
}

/** What was said last of each, in the order of their start. */
function containersOf(containers: readonly ContainerRun[]): Pick<Results, 'containers'> {
  if (containers.length === 0) return {}
  const last = [...new Map(containers.map((one) => [`${one.service} ${one.task}`, one])).values()]
  return { containers: last.sort((a, b) => (a.startedAt ?? '~').localeCompare(b.startedAt ?? '~')) }
}

function mostMemory(events: readonly Of<'memory'>[]): Pick<Results, 'memory'> {
  if (events.length === 0) return {}
  const most = new Map<string, number>()
  for (const { service, bytes } of events) most.set(service, Math.max(bytes, most.get(service) ?? 0))
  return { memory: [...most].map(([service, bytes]) => ({ service, bytes })) }
}

function of<T extends EventType>(events: readonly RunEvent[], type: T): Of<T>[] {
  return events.filter((event): event is Of<T> => event.type === type)
}

function first<T extends EventType>(events: readonly RunEvent[], type: T): Of<T> | undefined {
  return of(events, type)[0]
}

function body<E extends RunEvent>({ seq: _seq, at: _at, type: _type, ...rest }: E): Omit<E, 'seq' | 'at' | 'type'> {
  return rest
}

/** Without the members that are undefined: a stream of an earlier version lacks some. */
function defined<T extends object>(row: T): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T
}

function unique<T>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

function lastByService<T extends { service: string }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [row.service, row])).values()]
}
