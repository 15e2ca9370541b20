import type { Page, Request } from 'playwright-core'

/** One document that the browser asked for, or one redirect on the way to it. */
export interface TrailStop {
  readonly url: string
  /** The answer's status; null as long as there is none, and where there was none. */
  status: number | null
  /** True once the whole document is there, whatever it loads itself. */
  arrived: boolean
  /** True when the answer before sent the browser here, false when the page itself (or we) did. */
  readonly redirected: boolean
}

/** So many times the same place, without standing still once, is no way to anywhere. */
const CIRCLE = 10
/** The same for a way that took all the time there is. */
const CIRCLE_AT_DEADLINE = 4
const MOST_STOPS = 60

/** The way of a page's main frame: every document that it asked for, in order. */
export class PageTrail {
  /** The first 60. */
  readonly stops: TrailStop[] = []
  /** The last one, also beyond the 60th. */
  last: TrailStop | null = null
  /** Documents that were asked for so far. */
  count = 0
  /** Resolves as soon as one place was asked for ten times. */
  readonly circled: Promise<void>
  /** The browser's words for why it gave up the last document. */
  failure: string | null = null
  readonly #byRequest = new WeakMap<Request, TrailStop>()
  readonly #visits = new Map<string, number>()
  #circling = () => {}

  constructor(page: Page) {
    this.circled = new Promise((resolve) => {
      this.#circling = resolve
    })
    page.on('request', (request) => {
      if (isDocument(request, page)) this.#add(request)
    })
    page.on('response', (response) => {
      const stop = this.#byRequest.get(response.request())
      if (stop) stop.status = response.status()
    })
    page.on('requestfinished', (request) => {
      const stop = this.#byRequest.get(request)
      if (stop) stop.arrived = true
    })
    page.on('requestfailed', (request) => {
      const stop = this.#byRequest.get(request)
      if (stop && stop === this.last) this.failure = request.failure()?.errorText ?? 'failed'
    })
  }

  /** True when the way goes round; `timeIsOver`: it did not end before its deadline. */
  isCircle(timeIsOver = false): boolean {
    return Math.max(0, ...this.#visits.values()) >= (timeIsOver ? CIRCLE_AT_DEADLINE : CIRCLE)
  }

  #add(request: Request): void {
    const stop = { url: request.url(), status: null, arrived: false, redirected: request.redirectedFrom() !== null }
    this.#byRequest.set(request, stop)
    this.last = stop
    this.failure = null
    this.count += 1
    if (this.stops.length < MOST_STOPS) this.stops.push(stop)
    const place = placeOf(stop.url)
    const visits = (this.#visits.get(place) ?? 0) + 1
    this.#visits.set(place, visits)
    if (visits >= CIRCLE) this.#circling()
  }
}

function isDocument(request: Request, page: Page): boolean {
  return request.isNavigationRequest() && request.frame() === page.mainFrame()
}

/** An address without what may differ from turn to turn. */
function placeOf(url: string): string {
  return url.replace(/[?#].*$/, '')
}

/**
 * One turn of the circle that a way ends in, from where it was entered; the whole way where nothing repeats.
 * `/old, /, /login, /, /login` is `/, /login`.
 */
export function loopOf(stops: readonly TrailStop[]): readonly TrailStop[] {
  const places = stops.map(({ url }) => placeOf(url))
  for (let length = 1; length <= stops.length / 2; length++) {
    const turn = places.slice(-length)
    if (turn.some((place, index) => place !== places.at(index - 2 * length))) continue
    const entered = places.findIndex((place) => turn.includes(place))
    return stops.slice(entered, entered + length)
  }
  return stops
}

const MOST_LINES = 6

/** A way as lines: who sent the browser where. */
export function trailLines({ stops, count }: Pick<PageTrail, 'stops' | 'count'>): string[] {
  const lines = stops.slice(0, MOST_LINES).map(({ url, status }) => `${status ?? 'no answer'} ${url}`)
  return count > lines.length ? [...lines, `and so on: ${count} documents in all`] : lines
}
