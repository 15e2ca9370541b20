import type { EdgeAddress } from '../edge/address.ts'
import { type Route, routesFor } from '../edge/routes.ts'
import type { Clock } from '../lib/async/clock.ts'
import type { OnWaiting } from '../lib/async/wait.ts'
import { messageOf } from '../lib/errors.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { CheckOutcome } from '../verdict/events.ts'
import type { Evidence } from '../verdict/evidence.ts'
import type { AppActivity } from './activity.ts'
import { answerSign, isStartingStatus } from './answer-sign.ts'
import { type AnswerResult, awaitAnswer, type UnwantedAnswer } from './await-answer.ts'
import { BEHIND_TLS } from './broken-page.ts'
import { closedPort, type ListPorts } from './closed-port.ts'
import { type EdgeAnswer, NoResponse, RedirectLoop, requestEdge } from './edge-request.ts'
import { proxyAnswer } from './proxy-answer.ts'
import { foreignHosts, type RoutedService } from './routed-services.ts'
import { type ServingTask, serversBehind } from './serving-task.ts'

/** What every check of an answer over the edge is given. */
export interface EdgeCheck {
  readonly edge: EdgeAddress
  /** The stack's running tasks at this moment: see `runningTasks`. */
  readonly tasksOf: () => Promise<readonly ServingTask[]>
  /** The longest that is waited, while something moves. */
  readonly timeoutMs: number
  /** See `timeouts.quiet`. Default: QUIET_MS. */
  readonly quietMs?: number
  /** When the app was last at work. Default: nobody knows, and only the deadline ends a wait for what may still come. */
  readonly activity?: AppActivity
  /** Default: ports are not looked at. */
  readonly portsOf?: ListPorts
  readonly signal: AbortSignal
  readonly clock?: Clock
  readonly onWaiting?: OnWaiting
  /** For tests; default: ask the edge. */
  readonly routesOf?: (domain: string, edge: EdgeAddress) => Promise<readonly Route[] | null>
}

export interface HttpCheck extends EdgeCheck {
  readonly domain: string
  readonly path: string
  /** Statuses that are good. Redirects within the domain are followed when a 2xx is among them. */
  readonly allowed: readonly number[]
  /** What the stack asks of the proxy. Default: unknown. */
  readonly routed?: readonly RoutedService[]
  /** Hides secrets in what is quoted of a body. */
  readonly mask: (text: string) => string
}

export interface HttpResult {
  readonly outcome: CheckOutcome
  readonly evidence?: Extract<Evidence, { kind: 'http' }>
  readonly cause?: Cause
}

type HttpEvidence = NonNullable<HttpResult['evidence']>

/**
 * Asks through the edge until the app's own task answers with an allowed status: see `awaitAnswer` for when it gives up. `fail` is always with
 * a cause that the recipe can fix; `unverified` when the edge did not answer or cannot say whose answer it was.
 */
export async function checkHttp(check: HttpCheck): Promise<HttpResult> {
  const table = new RoutingTable(check)
  const answered = await awaitAnswer((signal) => lookOnce(check, table, signal), {
    ...check,
    wait: { id: 'http', subject: check.domain },
    unasked: unanswered(check, 'no request was made'),
  })
  if (answered.state === 'wanted') return { outcome: 'pass', evidence: answered.value }
  const { outcome, cause } = answered.seen
  return { outcome, cause }
}

/**
 * The routers of the domain, as the proxy had them before a request and has them after its answer. A router that comes between the two did not have the
 * request: a page for everybody, or the proxy's own 404, would be taken for the app's.
 */
class RoutingTable {
  readonly #read: () => Promise<readonly Route[] | null>
  #last: Promise<readonly Route[] | null> | null = null

  constructor({ routesOf = routesFor, domain, edge }: HttpCheck) {
    this.#read = () => routesOf(domain, edge)
  }

  /** What was read after the answer before this one, if there was one. False as well where the proxy could not be asked: the read after the answer says why. */
  async hadRoute(): Promise<boolean> {
    this.#last ??= this.#read()
    const routes = await this.#last.catch(() => null)
    return routes?.some(({ status }) => status !== 'disabled') ?? false
  }

  now(): Promise<readonly Route[] | null> {
    this.#last = this.#read()
    return this.#last
  }
}

async function lookOnce(
  check: HttpCheck,
  table: RoutingTable,
  signal: AbortSignal,
): Promise<AnswerResult<HttpEvidence>> {
  const { edge, domain, path, allowed } = check
  const hadRoute = await table.hadRoute()
  const follow = allowed.some((status) => status >= 200 && status < 300)
  let answer: EdgeAnswer | RedirectLoop
  try {
    answer = await requestEdge({ edge, domain, path, follow, signal })
  } catch (error) {
    check.signal.throwIfAborted()
    return { state: 'unwanted', seen: await silence(check, error) }
  }
  if (answer instanceof RedirectLoop) return { state: 'unwanted', seen: inCircle(answer) }
  return judge(check, answer, { hadRoute, routes: await table.now() })
}

interface Routing {
  readonly hadRoute: boolean
  readonly routes: readonly Route[] | null
}

/** The routing table and the tasks are read after the answer: they say who stands behind the domain now. */
async function judge(
  check: HttpCheck,
  answer: EdgeAnswer,
  { hadRoute, routes }: Routing,
): Promise<AnswerResult<HttpEvidence>> {
  const { domain, path, allowed, routed = [], portsOf } = check
  const tasks = await check.tasksOf()
  const behind = routes && serversBehind(routes, tasks)
  const { url, status, bodyHash, bytes } = answer
  const lines = [`GET ${url}: ${status}`, ...quote(check.mask(answer.body)), ...(behind?.errors ?? [])]
  const seen = (
    outcome: UnwantedAnswer['outcome'],
    why: Cause,
    more: Partial<UnwantedAnswer> = {},
  ): AnswerResult<never> => {
    const stands = { sign: `${why.code} ${answerSign(answer)}`, stayed: `the answer stayed ${status}` }
    return { state: 'unwanted', seen: { outcome, cause: why, ...stands, excused: !isStartingStatus(status), ...more } }
  }
  if (behind?.routed && !hadRoute) {
    const message = `no router of the proxy matched ${domain} yet when it was asked`
    return seen('fail', cause('proxy-fallback', message, { lines }), { excused: false })
  }
  const elsewhere = foreignHosts(routed, domain)
  const proxy = proxyAnswer(answer, behind?.routed ?? false)
  if (elsewhere && (proxy === 'no-router' || (behind && proxy === null))) {
    const why = ruleElsewhere(elsewhere, domain, lines)
    // A router of the release before may still be there for a moment, and lead its requests anywhere.
    return seen('fail', why, { excused: proxy === null, final: proxy === 'no-router' })
  }
  if (proxy === 'no-router') {
    return seen(
      'fail',
      cause('proxy-fallback', `no router of the proxy matches ${domain}${path === '/' ? '' : path}`, { lines }),
      {
        excused: false,
      },
    )
  }
  if (proxy === 'no-server') {
    const why = cause('http-not-serving', `the proxy has nobody to ask (${status})`, { lines })
    const closer = routes && portsOf && ((signal: AbortSignal) => closedPort({ routes, tasks, lines }, portsOf, signal))
    return seen('fail', why, { excused: false, ...(closer ? { closer } : {}) })
  }
  if (!allowed.includes(status)) {
    const message = `the app answers ${status}, expected ${allowed.join(', ')}`
    return seen('fail', cause('http-wrong-status', message, { lines }))
  }
  if (!behind) {
    const message = `${domain} answers, but this proxy cannot be asked whose answer it is`
    return seen('unverified', cause('evidence-missing', message, { blame: 'infra', lines, hint: API_HINT }), {
      final: true,
    })
  }
  if (behind.tasks.length === 0 || behind.strangers.length > 0) {
    const message = `the answer for ${domain} may come from something that is no running task of this app`
    const strangers = behind.strangers.map((server) => `the proxy dials ${server}`)
    return seen('fail', cause('http-not-serving', message, { lines: [...lines, ...strangers] }))
  }
  return {
    state: 'wanted',
    value: { kind: 'http', url, status, bodyHash, bytes, servingTask: behind.tasks.join(' ') },
  }
}

const API_HINT =
  'Say in CC_CI_EDGE_API where the API of the Traefik of CC_CI_EDGE is: https://USER:PASSWORD@HOST of its dashboard, or http://127.0.0.1:PORT.'

function ruleElsewhere(hosts: readonly string[], domain: string, lines: readonly string[]): Cause {
  const message = `the ${hosts.length === 1 ? 'rule names' : 'rules name'} ${hosts.join(', ')}, not ${domain}`
  const hint = `Write Host(\`\${DOMAIN}\`) into the rule of the router that is for the app.`
  return cause('proxy-fallback', message, { hint, lines })
}

function inCircle({ urls }: RedirectLoop): UnwantedAnswer {
  const message = `the app redirects in a circle: ${urls.at(-1)} comes again`
  const hint = new Set(urls).size === 1 ? { hint: BEHIND_TLS } : {}
  return {
    outcome: 'fail',
    cause: cause('redirect-loop', message, { ...hint, lines: urls.map((url) => `GET ${url}`) }),
    sign: `circle ${answerSign({ status: 302, body: urls.join(' ') })}`,
    stayed: 'the circle stayed the same',
    excused: true,
    standsAlone: true,
  }
}

/** No answer at all. Where the proxy has a router for the domain and took the request, it is the app that owes it. */
async function silence(check: HttpCheck, error: unknown): Promise<UnwantedAnswer> {
  const { domain, edge } = check
  if (!(error instanceof NoResponse)) return unanswered(check, messageOf(error))
  const routes = await (check.routesOf ?? routesFor)(domain, edge)
  if (!routes?.some(({ status }) => status !== 'disabled')) return unanswered(check, error.message)
  const servers = routes.flatMap((route) => route.servers.map((server) => `the proxy dials ${server}`))
  return {
    outcome: 'fail',
    cause: cause('http-not-serving', error.message, { hint: SILENT_HINT, lines: servers }),
    sign: 'no response',
    stayed: 'no answer came',
    excused: false,
  }
}

const SILENT_HINT =
  'Find out what the app waits for before it answers, and whether it is to be reached on the network of the proxy.'

/** The edge gave no HTTP answer at all, which no label of a recipe can bring about. */
function unanswered({ edge, domain }: HttpCheck, why: string): UnwantedAnswer {
  const message = `no answer for ${domain} from the proxy at ${edge.host}:${edge.httpsPort}: ${why}`
  return {
    outcome: 'unverified',
    cause: cause('http-not-serving', message, { blame: 'infra', hint: "Run 'cc-ci doctor'." }),
    sign: 'unanswered',
    stayed: 'the proxy gave no answer',
    excused: false,
  }
}

/** The first lines of a body that say something. */
export function quote(body: string): string[] {
  const lines = body
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return lines.slice(0, 8).map((line) => line.slice(0, 200))
}
