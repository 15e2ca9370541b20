import { RedirectLoop, requestEdge } from '../../checks/edge-request.ts'
import { tcpLook } from '../../checks/probes/tcp.ts'
import { udpLook } from '../../checks/probes/udp.ts'
import { proxyAnswer } from '../../checks/proxy-answer.ts'
import { Stillness } from '../../checks/stillness.ts'
import type { Release } from '../../deploy/deployer.ts'
import { routesFor } from '../../edge/routes.ts'
import { type WaitResult, waitFor } from '../../lib/async/wait.ts'
import { messageOf } from '../../lib/errors.ts'
import type { RoutePlace } from '../../recipe/traefik/rule.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { type RunContext, TierStop } from '../context.ts'
import {
  LOSSES,
  type Loss,
  lossesOf,
  type PublishedPort,
  portSubject,
  publishedPorts,
  type ReleaseSurface,
  releaseSurface,
  routeSubject,
  servedPlaces,
} from '../judging/regression.ts'
import type { TierReporter } from '../reporter.ts'

/** What answered while the base ran: only the loss of that fails head. */
export interface BaseReachability {
  readonly base: ReleaseSurface
  readonly places: readonly { readonly place: RoutePlace; readonly status: number }[]
  /** TCP ports that took a connection, and UDP ports on which somebody listens. */
  readonly ports: readonly PublishedPort[]
  /** Subjects that nobody answered for, though the base offers them. */
  readonly silent: ReadonlySet<string>
}

const CHECK = 'still-there'

/** Asks the running base for everything that it offers to the outside. */
export async function recordReachability(context: RunContext, release: Release): Promise<BaseReachability> {
  const base = releaseSurface(release)
  const silent = new Set<string>()
  const places: { place: RoutePlace; status: number }[] = []
  for (const place of servedPlaces(base)) {
    const seen = await requestPlace(context, place, context.signal)
    if ('status' in seen) places.push({ place, status: seen.status })
    else silent.add(routeSubject(place, base.domain))
  }
  const ports: PublishedPort[] = []
  for (const port of publishedPorts(base.stack).filter(({ protocol }) => protocol in LOOKS)) {
    if ((await lookAt(context, port, context.signal)) === null) ports.push(port)
    else silent.add(portSubject(port))
  }
  return { base, places, ports, silent }
}

/** Asks head for the same. What is gone ends the tier, or is a finding where it may be meant or the recipe says that it is. */
export async function checkStillThere(
  context: RunContext,
  reporter: TierReporter,
  { was, release }: { was: BaseReachability; release: Release },
): Promise<void> {
  const head = releaseSurface(release)
  const byFiles = lossesOf(was.base, head)
  const gone = new Set(byFiles.map(({ subject }) => subject))
  const served = byFiles.some(({ kind }) => kind === 'http') ? [] : was.places
  const routes = await inTurn(
    served.filter(({ place }) => !gone.has(routeSubject(place, head.domain))),
    (before) => requestAgain(context, reporter, before, servedPlaces(head)),
  )
  const ports = await inTurn(
    was.ports.filter((port) => !gone.has(portSubject(port))),
    (port) => connectAgain(context, reporter, port, head),
  )
  const answered = [...routes, ...ports]
  reporter.evidence({
    kind: 'still-there',
    asked: answered.map(({ subject, before, after }) => ({ subject, before, after })),
    gone: byFiles.map(({ subject }) => subject),
  })
  judge(context, reporter, { losses: [...byFiles, ...answered.flatMap(({ loss }) => loss ?? [])], silent: was.silent })
}

function judge(
  { plan }: RunContext,
  reporter: TierReporter,
  { losses, silent }: { losses: readonly Loss[]; silent: ReadonlySet<string> },
): void {
  const { removed } = plan.settings.settings
  const failing = losses.filter(
    ({ kind, subject }) => LOSSES[kind] === 'decides' && removed[subject] === undefined && !silent.has(subject),
  )
  for (const loss of losses.filter((one) => !failing.includes(one))) {
    const means = LOSSES[loss.kind]
    const reason = removed[loss.subject]
    const severity = reason !== undefined ? 'info' : means === 'decides' ? 'warning' : means
    const why =
      reason !== undefined
        ? ` (declared: ${reason})`
        : silent.has(loss.subject)
          ? ' (nobody answered there before)'
          : ''
    reporter.finding(finding('no-longer-there', `${loss.subject}: ${loss.message}${why}`, { severity }))
  }
  for (const subject of Object.keys(removed).filter((name) => !losses.some((loss) => loss.subject === name))) {
    const message = `the setting removed names ${subject}, which the upgrade did not lose`
    reporter.finding(finding('removed-not-lost', message))
  }
  if (failing.length === 0) {
    reporter.check(CHECK, 'pass')
    return
  }
  const lines = failing.map(({ subject, message }) => `${subject}: ${message}`)
  const message = `head does not do what the base did: ${failing.map((loss) => loss.message).join('; ')}`
  throw new TierStop(CHECK, cause('regression', message, { lines }))
}

type Seen = { readonly status: number } | { readonly nobody: string }

/** Any answer of the app counts, a refusal too; what the proxy says in its place does not. */
async function requestPlace(
  { host, signal }: RunContext,
  { host: domain, path }: RoutePlace,
  looking: AbortSignal,
): Promise<Seen> {
  try {
    const answer = await requestEdge({
      edge: host.edge,
      domain,
      path,
      follow: false,
      uncertified: true,
      signal: looking,
    })
    // A circle of redirects is an answer; whether it is a good one is judged where the app is looked at.
    if (answer instanceof RedirectLoop) return { status: 302 }
    const routes = (await routesFor(domain, host.edge)) ?? []
    const proxy = proxyAnswer(
      answer,
      routes.some(({ status }) => status !== 'disabled'),
    )
    if (proxy === null) return { status: answer.status }
    return {
      nobody:
        proxy === 'no-router' ? 'no router of the proxy matches' : `the proxy has nobody to ask (${answer.status})`,
    }
  } catch (error) {
    signal.throwIfAborted()
    return { nobody: messageOf(error) }
  }
}

interface RepeatedRequest {
  readonly subject: string
  readonly before: string
  readonly after: string
  readonly loss?: Loss
}

async function requestAgain(
  context: RunContext,
  reporter: TierReporter,
  { place, status }: BaseReachability['places'][number],
  now: readonly RoutePlace[],
): Promise<RepeatedRequest> {
  const subject = routeSubject(place, context.plan.app.domain)
  const sameRouter = now.some((other) => JSON.stringify(other) === JSON.stringify(place))
  let after = ''
  const waited = await again(context, reporter, subject, async (looking) => {
    const seen = await requestPlace(context, place, looking)
    after = 'status' in seen ? String(seen.status) : seen.nobody
    if (!('status' in seen)) return after
    // The app's own router took over from one that was made for this place: then "not found" is no answer.
    return !sameRouter && seen.status === 404 && status < 400 ? 'the app does not know that place (404)' : null
  })
  const before = String(status)
  if (waited.state === 'ready') return { subject, before, after }
  const message = `${subject.slice('route:'.length)} answered ${before}, now: ${lastSeen(waited)}`
  return { subject, before, after, loss: { kind: 'route', subject, message } }
}

async function connectAgain(
  context: RunContext,
  reporter: TierReporter,
  port: PublishedPort,
  head: ReleaseSurface,
): Promise<RepeatedRequest> {
  const subject = portSubject(port)
  const now = publishedPorts(head.stack).find((other) => portSubject(other) === subject) ?? port
  const waited = await again(context, reporter, subject, (looking) => lookAt(context, now, looking))
  if (waited.state === 'ready') return { subject, before: 'listens', after: 'listens' }
  const message = `nothing listens behind ${subject.slice('port:'.length)} of ${now.service} any more: ${lastSeen(waited)}`
  return { subject, before: 'listens', after: lastSeen(waited), loss: { kind: 'port', subject, message } }
}

/** How a port is looked at, by its protocol; nobody can look at SCTP. */
const LOOKS: Readonly<Record<string, typeof tcpLook>> = { tcp: tcpLook, udp: udpLook }

function lookAt(
  { host, plan }: RunContext,
  { service, target, protocol }: PublishedPort,
  signal: AbortSignal,
): Promise<string | null> {
  const { runId, stack } = plan.app
  const look = LOOKS[protocol] ?? tcpLook
  return look({ engine: host.engine, runId, stack, service, port: target, toolboxImage: host.toolboxImage, signal })
}

/**
 * Looks until `look` says null. As for the app's own address (see `awaitAnswer`) what is not there counts for good once neither it nor the app has
 * moved for `timeouts.quiet`: a second program of the app may begin to listen long after the first.
 */
function again(
  { signal, clock, plan, watch }: RunContext,
  { onWaiting }: TierReporter,
  subject: string,
  look: (signal: AbortSignal) => Promise<string | null>,
): Promise<WaitResult<true, string>> {
  const { http: timeoutMs, quiet: quietMs } = plan.settings.settings.timeouts
  const stillness = new Stillness({ quietMs, activity: watch, clock })
  return waitFor<true, string>(
    async (looking) => {
      const from = clock.now()
      const seen = await look(looking)
      if (seen === null) return { state: 'ready', value: true }
      stillness.saw({ sign: seen, request: { from, to: clock.now() }, excused: true })
      return stillness.isDecided(true) ? { state: 'impossible', cause: seen } : { state: 'waiting', reason: seen }
    },
    { wait: { id: 'as-before', subject }, timeoutMs, everyMs: () => stillness.pauseMs(), signal, clock, onWaiting },
  )
}

function lastSeen(waited: Exclude<WaitResult<true, string>, { state: 'ready' }>): string {
  return waited.state === 'deadline' ? waited.lastSeen : waited.cause
}

async function inTurn<T, R>(things: readonly T[], act: (thing: T) => Promise<R>): Promise<R[]> {
  const done: R[] = []
  for (const thing of things) done.push(await act(thing))
  return done
}
