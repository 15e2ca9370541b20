import { type Cause, cause } from '../verdict/causes.ts'
import type { PageContent } from './page-content.ts'
import { isNeeded } from './page-findings.ts'
import type { PageLog } from './page-log.ts'
import type { PageFacts, PageSign } from './page-signs.ts'
import { loopOf, type PageTrail, type TrailStop, trailLines } from './page-trail.ts'

const MOST_QUOTED = 10
const LONGEST_LINE = 500
const LONGEST_URL = 200

/**
 * Why a page that shows something is not what the app was made to show, or null. A status of 4xx is reported and no fault here: an app may
 * have nothing at this address, and the check of the health path judges statuses.
 */
export function errorPage(seen: {
  readonly status: number
  /** Statuses of 500 and more that are good all the same. */
  readonly allowed: readonly number[]
  readonly url: string
  readonly sign: PageSign | null
  readonly look: PageFacts
}): Cause | null {
  const { status, allowed, url, sign, look } = seen
  const decisive = sign?.weight === 'decisive' ? sign : null
  const lines = quote(look)
  if (status >= 500 && !allowed.includes(status)) {
    const what = decisive ? `: ${decisive.means}` : ''
    const hint = decisive ? { hint: decisive.todo } : {}
    return cause('http-wrong-status', `the app answers a browser at ${url} with ${status}${what}`, { ...hint, lines })
  }
  if (!decisive || (status >= 400 && status < 500)) return null
  return cause('error-page', `the page at ${url} is ${decisive.means}, though its status is ${status}`, {
    hint: decisive.todo,
    lines,
  })
}

function quote({ title, text }: PageFacts): string[] {
  const lines = text.split('\n').flatMap((line) => line.trim().slice(0, LONGEST_LINE) || [])
  return [...(title ? [`title: ${title}`] : []), ...lines.slice(0, MOST_QUOTED).map((line) => `page: ${line}`)]
}

export interface BlankPage {
  readonly url: string
  readonly status: number
  readonly log: PageLog
  readonly look: PageContent
}

/** A page that shows nothing: what was seen of it, and what it lacks where that is known: its own script that did not come, or that failed. */
export function blankPage({ url, status, log, look }: BlankPage): Cause {
  const missing = log.failures.find((failure) => failure.type === 'script' && isNeeded(failure, url))
  const insecure = [...log.insecure.values()].find(({ type, blocked }) => blocked && type === 'Script')
  const [error] = log.uncaught
  const why = missing
    ? `, because its script does not load (${missing.line})`
    : insecure
      ? `, because its script is asked for by http and blocked (${insecure.url})`
      : error
        ? `, because its script ends with an error (${error})`
        : ''
  const { bytes, title, text, elements } = look
  const of = `status ${status}, ${bytes} bytes, ${title ? `title "${title.slice(0, LONGEST_LINE)}"` : 'no title'}`
  const seen = `${of}, ${elements} elements, none of them to be seen, ${text.length} characters of text`
  return cause('blank-page', `a browser shows nothing at ${url}${why}`, { lines: [`the page: ${seen}`] })
}

/** The browser is sent round and round: by answers of the app, or by the pages themselves. */
export function redirectLoop(trail: PageTrail, by: 'answers' | 'page'): Cause {
  const turn = loopOf(trail.stops)
  const [first] = turn
  const lines = trailLines(trail)
  if (by === 'page' && turn.length === 1) {
    return cause('redirect-loop', `the page at ${first?.url} loads itself again and again`, { lines })
  }
  const way = [...turn, ...turn.slice(0, 1)].map(({ url }) => shortened(url)).join(' → ')
  const who = by === 'answers' ? 'the app redirects' : 'the pages of the app send'
  const hint = aboutTls(turn) ? { hint: BEHIND_TLS } : {}
  return cause('redirect-loop', `${who} the browser in a circle: ${way}`, { ...hint, lines })
}

/** For a redirect from a place to itself: the app wants https, and believes that the browser is not there. */
export const BEHIND_TLS =
  'A redirect from https to the same address usually means that the app does not know that it is behind a proxy with TLS: have it trust X-Forwarded-Proto, or do not let it redirect to https.'

function aboutTls(turn: readonly TrailStop[]): boolean {
  return new Set(turn.map(({ url }) => url.replace(/^https?:/, ''))).size === 1
}

function shortened(url: string): string {
  return url.length > LONGEST_URL ? `${url.slice(0, LONGEST_URL)}…` : url
}
