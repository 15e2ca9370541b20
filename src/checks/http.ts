import type { EdgeAddress } from '../edge/address.ts'
import { type Route, routesFor } from '../edge/routes.ts'
import { systemClock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import { type Condition, type OnWaiting, waitFor } from '../lib/wait.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { CheckOutcome } from '../verdict/events.ts'
import type { Evidence } from '../verdict/evidence.ts'
import { BEHIND_TLS } from './broken-page.ts'
import { askEdge, type EdgeAnswer, RedirectLoop } from './edge-request.ts'
import { proxyAnswer } from './proxy-answer.ts'
import { type ServingTask, serversBehind } from './serving-task.ts'

export interface HttpCheck {
  readonly edge: EdgeAddress
  readonly domain: string
  readonly path: string
  /** Statuses that are good. Redirects within the domain are followed when a 2xx is among them. */
  readonly allowed: readonly number[]
  /** The stack's running tasks at this moment: see `runningTasks`. */
  readonly tasksOf: () => Promise<readonly ServingTask[]>
  readonly deadlineMs: number
  readonly signal: AbortSignal
  /** Hides secrets in what is quoted of a body. */
  readonly mask: (text: string) => string
  readonly onWaiting?: OnWaiting
  /** For tests; default: ask the edge. */
  readonly routes?: (domain: string, edge: EdgeAddress) => Promise<readonly Route[] | null>
}

export interface HttpResult {
  readonly outcome: CheckOutcome
  readonly evidence?: Extract<Evidence, { kind: 'http' }>
  readonly cause?: Cause
}

/** An app that redirects in a circle for so long, without a single other answer, does so for good. */
const CIRCLE_STANDS_MS = 20_000

/**
 * Asks through the edge until the app's own task answers with an allowed status. `fail` is always with a cause that the
 * recipe can mend; `unverified` when the edge did not answer or cannot say whose answer it was.
 */
export async function checkHttp(check: HttpCheck): Promise<HttpResult> {
  let last: HttpResult = unanswered(check, 'no request was made')
  let circlingSince: number | null = null
  const look = async (signal: AbortSignal): Promise<Condition<HttpResult, never>> => {
    last = await lookOnce(check, signal)
    circlingSince = last.cause?.code === 'redirect-loop' ? (circlingSince ?? systemClock.now()) : null
    const settled = circlingSince !== null && systemClock.now() - circlingSince >= CIRCLE_STANDS_MS
    return last.outcome === 'pass' || settled
      ? { state: 'ready', value: last }
      : { state: 'waiting', reason: last.cause?.message ?? 'no answer' }
  }
  const { deadlineMs, signal, onWaiting } = check
  const waited = await waitFor(look, {
    wait: { id: 'http', subject: check.domain },
    deadlineMs,
    everyMs: 250,
    signal,
    onWaiting,
  })
  return waited.state === 'ready' ? waited.value : last
}

async function lookOnce(check: HttpCheck, signal: AbortSignal): Promise<HttpResult> {
  const { edge, domain, path, allowed } = check
  const follow = allowed.some((status) => status >= 200 && status < 300)
  let answer: EdgeAnswer | RedirectLoop
  try {
    answer = await askEdge({ edge, domain, path, follow, signal })
  } catch (error) {
    check.signal.throwIfAborted()
    return unanswered(check, messageOf(error))
  }
  if (answer instanceof RedirectLoop) return inCircle(answer)
  return judge(check, answer)
}

/** The routing table and the tasks are read after the answer: they say who stands behind the domain now. */
async function judge(check: HttpCheck, answer: EdgeAnswer): Promise<HttpResult> {
  const routes = await (check.routes ?? routesFor)(check.domain, check.edge)
  const behind = routes && serversBehind(routes, await check.tasksOf())
  const lines = [`GET ${answer.url}: ${answer.status}`, ...quote(check.mask(answer.body)), ...(behind?.errors ?? [])]
  const proxy = proxyAnswer(answer, behind?.routed ?? false)
  if (proxy === 'no-router') return failed('proxy-fallback', `no router of the proxy matches ${check.domain}`, lines)
  if (proxy === 'no-server') return failed('http-not-serving', `the proxy has nobody to ask (${answer.status})`, lines)
  if (!check.allowed.includes(answer.status)) {
    const wanted = check.allowed.join(', ')
    return failed('http-wrong-status', `the app answers ${answer.status}, expected ${wanted}`, lines)
  }
  if (!behind) {
    const message = `${check.domain} answers, but this proxy cannot be asked whose answer it is`
    return { outcome: 'unverified', cause: cause('evidence-missing', message, { blame: 'infra', lines }) }
  }
  if (behind.tasks.length === 0 || behind.strangers.length > 0) {
    const message = `the answer for ${check.domain} may come from something that is no running task of this app`
    return failed('http-not-serving', message, [
      ...lines,
      ...behind.strangers.map((server) => `the proxy dials ${server}`),
    ])
  }
  const { url, status, bodyHash, bytes } = answer
  return {
    outcome: 'pass',
    evidence: { kind: 'http', url, status, bodyHash, bytes, servingTask: behind.tasks.join(' ') },
  }
}

function inCircle({ urls }: RedirectLoop): HttpResult {
  const message = `the app redirects in a circle: ${urls.at(-1)} comes again`
  const hint = new Set(urls).size === 1 ? { hint: BEHIND_TLS } : {}
  return {
    outcome: 'fail',
    cause: cause('redirect-loop', message, { ...hint, lines: urls.map((url) => `GET ${url}`) }),
  }
}

function failed(
  code: 'proxy-fallback' | 'http-not-serving' | 'http-wrong-status',
  message: string,
  lines: readonly string[],
): HttpResult {
  return { outcome: 'fail', cause: cause(code, message, { lines }) }
}

/** The edge gave no HTTP answer at all, which no label of a recipe can bring about. */
function unanswered({ edge, domain }: HttpCheck, why: string): HttpResult {
  const message = `no answer for ${domain} from the proxy at ${edge.host}:${edge.httpsPort}: ${why}`
  return {
    outcome: 'unverified',
    cause: cause('http-not-serving', message, { blame: 'infra', hint: "Run 'cc-ci doctor'." }),
  }
}

/** The first lines of a body that say something. */
function quote(body: string): string[] {
  const lines = body
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
  return lines.slice(0, 8).map((line) => line.slice(0, 200))
}
