import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { AppActivity } from '../../src/checks/activity.ts'
import type { EdgeAddress } from '../../src/edge/address.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import type { Route } from '../../src/edge/routes.ts'
import type { TimeSpan } from '../../src/engine/convergence/activity.ts'
import type { Clock } from '../../src/lib/async/clock.ts'

export const DOMAIN = 'app.ci.test'
const SERVER = 'http://10.0.0.7:8080'

/** What comes back for a request: of the app, or of the proxy in its place. */
export interface Reply {
  readonly status: number
  readonly body: string
  readonly location?: string
}

/** Answers as the proxy does: with its own words where it has no router or finds nobody. */
export interface EdgeStandIn extends AsyncDisposable {
  readonly address: EdgeAddress
  /** When requests came in, by host. */
  readonly requests: readonly string[]
  /** One for each request that is never answered: resolves when whoever asked has given up. */
  readonly abandoned: readonly Promise<unknown>[]
}

const CERTIFICATE = makeCertificate()

/** `reply`: null for a request that is never answered. */
export async function standIn(reply: (host: string) => Reply | null): Promise<EdgeStandIn> {
  const { certificate: cert, key } = await CERTIFICATE
  const requests: string[] = []
  const abandoned: Promise<unknown>[] = []
  const server: Server = createServer({ cert, key }, ({ headers: { host = '' } }, response) => {
    requests.push(host)
    const said = reply(host)
    if (said === null) abandoned.push(once(response, 'close'))
    else response.writeHead(said.status, said.location ? { location: said.location } : {}).end(said.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: { host: '127.0.0.1', httpsPort: port, httpPort: null, apiPort: null, ca: null },
    requests,
    abandoned,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The words of Traefik itself. */
export const NO_ROUTER: Reply = { status: 404, body: '404 page not found\n' }
export const NOBODY: Reply = { status: 502, body: 'Bad Gateway' }

export function route(host = DOMAIN, servers: readonly string[] = [SERVER]): Route {
  const rule = `Host(\`${host}\`)`
  return { router: `${host}@swarm`, rule, status: 'enabled', errors: [], entryPoints: [], service: 'a@swarm', servers }
}

/**
 * Time that passes only between requests: pauses are over at once, and the deadline of a wait, which is longer than any pause, never comes by
 * itself.
 */
export class PausesPass implements Clock {
  readonly begun = Date.parse('2026-11-23T19:00:00.000Z')
  readonly pauses: number[] = []
  #now = this.begun

  now(): number {
    return this.#now
  }

  elapsedMs(): number {
    return this.#now - this.begun
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 12_000) {
      this.pauses.push(ms)
      this.#now += ms
      return Promise.resolve()
    }
    return new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason as Error)))
  }
}

/** An app whose signs of work are at given times. */
export class KnownActivity implements AppActivity {
  readonly #clock: Clock
  readonly #signs: { readonly at: number; readonly excusable: boolean }[]

  constructor(clock: Clock, signs: readonly { readonly at: number; readonly excusable: boolean }[]) {
    this.#clock = clock
    this.#signs = [{ at: clock.now(), excusable: false }, ...signs]
  }

  lastAt(excused: readonly TimeSpan[] = []): number {
    const counts = ({ at, excusable }: { at: number; excusable: boolean }) =>
      at <= this.#clock.now() && !(excusable && excused.some(({ from, to }) => at >= from && at <= to))
    return Math.max(...this.#signs.filter(counts).map(({ at }) => at))
  }
}

/** One sign each `everyMs` from the begin on, for `forMs`. Lines in the log can be excused, a change of a task or of health cannot. */
export function signsEach(everyMs: number, forMs: number, { from, excusable }: { from: number; excusable: boolean }) {
  return Array.from({ length: Math.floor(forMs / everyMs) }, (_, index) => ({
    at: from + (index + 1) * everyMs,
    excusable,
  }))
}
