import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Clock } from '../../lib/async/clock.ts'
import type { Store } from '../contract/store.ts'

/** The metrics for Prometheus; a registry of its own, so that two servers in one process do not meet. */
export interface Metrics {
  readonly registry: Registry
  hook(result: string): void
  /** Asked at each scrape. */
  hookQueue(length: () => number): void
  /** Asked at each scrape; null: not known yet. */
  runsBytes(bytes: () => number | null): void
  readonly measure: MiddlewareHandler
  /** For the forge's client: counts calls by what came of them. */
  readonly forgeFetch: typeof fetch
  /** The same store, whose claims are timed. */
  timed<S extends Pick<Store, 'claim'>>(store: S): S
}

type MetricsStore = Pick<Store, 'counts' | 'ends' | 'countPending' | 'workers' | 'waiting'>

export function createMetrics(store: MetricsStore, clock: Pick<Clock, 'now'>): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const hooks = new Counter({
    ...{ name: 'cc_ci_hook_answers_total', help: 'Webhook deliveries by what they were' },
    ...{ labelNames: ['result'], registers },
  })
  const seconds = new Histogram({
    ...{ name: 'cc_ci_http_seconds', help: 'Time to answer a request' },
    ...{ labelNames: ['method', 'route', 'status'], registers },
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 1, 5, 30],
  })
  const calls = new Counter({
    ...{ name: 'cc_ci_forge_calls_total', help: 'Calls of the forge by class of status; gone: no answer' },
    ...{ labelNames: ['result'], registers },
  })
  const waited = new Histogram({
    ...{ name: 'cc_ci_claim_seconds', help: 'From the order of a run to its first claim', registers },
    buckets: [1, 5, 15, 60, 300, 900, 3600, 14_400],
  })
  addStoreGauges(registry, store, clock)
  return {
    registry,
    hook: (result) => hooks.inc({ result }),
    hookQueue(length) {
      const gauge: Gauge = new Gauge({
        ...{ name: 'cc_ci_hook_queue', help: 'Delivered comments that wait to be decided', registers },
        collect: () => gauge.set(length()),
      })
    },
    runsBytes(bytes) {
      const gauge: Gauge = new Gauge({
        ...{ name: 'cc_ci_runs_bytes', help: 'What the run folders hold, as the last prune left them', registers },
        collect: () => gauge.set(bytes() ?? Number.NaN),
      })
    },
    async measure(c, next) {
      const start = performance.now()
      await next()
      const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'none'
      seconds.observe({ method: c.req.method, route, status: c.res.status }, (performance.now() - start) / 1000)
    },
    async forgeFetch(input, init) {
      try {
        const answer = await fetch(input, init)
        calls.inc({ result: `${Math.floor(answer.status / 100)}xx` })
        return answer
      } catch (error) {
        calls.inc({ result: 'gone' })
        throw error
      }
    },
    timed: (own) => ({
      ...own,
      async claim(capacity, now, leaseMs) {
        const claim = await own.claim(capacity, now, leaseMs)
        if (claim?.lease.attempt === 1) waited.observe(Math.max(0, now - Date.parse(claim.request.at)) / 1000)
        return claim
      },
    }),
  }
}

function addStoreGauges(registry: Registry, store: MetricsStore, clock: Pick<Clock, 'now'>): void {
  let refreshing: Promise<void> | null = null
  const gauge = (name: string, help: string, label?: string) =>
    new Gauge({
      ...{ name, help, registers: [registry], labelNames: label === undefined ? [] : [label] },
      collect: () => fresh(),
    })
  const runs = gauge('cc_ci_runs', 'Runs by state', 'state')
  const queue = gauge('cc_ci_queue', 'Queued runs by priority', 'priority')
  const oldest = gauge('cc_ci_queue_oldest_seconds', 'How long the oldest queued run has waited', 'priority')
  const over = gauge('cc_ci_ended_runs', 'Runs that are known and have ended, by verdict or end', 'verdict')
  const unanswered = gauge('cc_ci_answers_waiting', 'Answers that the forge does not show yet')
  const workers = gauge('cc_ci_workers', 'Workers that are known')
  const up = gauge('cc_ci_database_up', '1: the database answered this scrape')

  /** One question for all gauges of a scrape. */
  function fresh(): Promise<void> {
    refreshing ??= refresh().finally(() => {
      refreshing = null
    })
    return refreshing
  }

  async function refresh(): Promise<void> {
    try {
      const [counts, queued, ended, unpublished, known] = await Promise.all([
        store.counts(),
        store.waiting(),
        store.ends(),
        store.countPending(),
        store.workers(),
      ])
      for (const [state, count] of Object.entries(counts)) runs.set({ state }, count)
      for (const { priority, runs: length, since } of queued) {
        queue.set({ priority }, length)
        oldest.set({ priority }, since === null ? 0 : Math.max(0, clock.now() - Date.parse(since)) / 1000)
      }
      over.reset()
      for (const [verdict, count] of Object.entries(ended)) over.set({ verdict }, count)
      unanswered.set(unpublished)
      workers.set(known.length)
      up.set(1)
    } catch {
      up.set(0)
    }
  }
}
