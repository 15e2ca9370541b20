import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Store } from '../contract/store.ts'

const RECENT = 500
const ENDED = ['done', 'cancelled', 'error'] as const

/** What Prometheus is told; a registry of its own, so that two servers in one process do not meet. */
export interface Metrics {
  readonly registry: Registry
  hook(result: string): void
  /** Asked at each scrape. */
  hookQueue(length: () => number): void
  readonly measure: MiddlewareHandler
}

export function makeMetrics(store: Pick<Store, 'counts' | 'runs' | 'unanswered' | 'workers'>): Metrics {
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
  addStoreGauges(registry, store)
  return {
    registry,
    hook: (result) => hooks.inc({ result }),
    hookQueue(length) {
      const gauge: Gauge = new Gauge({
        ...{ name: 'cc_ci_hook_queue', help: 'Delivered comments that wait to be decided', registers },
        collect: () => gauge.set(length()),
      })
    },
    async measure(c, next) {
      const start = performance.now()
      await next()
      const route = matchedRoutes(c).findLast(({ path }) => !path.endsWith('*'))?.path ?? 'none'
      seconds.observe({ method: c.req.method, route, status: c.res.status }, (performance.now() - start) / 1000)
    },
  }
}

function addStoreGauges(registry: Registry, store: Parameters<typeof makeMetrics>[0]): void {
  let asking: Promise<void> | null = null
  const gauge = (name: string, help: string, label?: string) =>
    new Gauge({
      ...{ name, help, registers: [registry], labelNames: label === undefined ? [] : [label] },
      collect: () => fresh(),
    })
  const runs = gauge('cc_ci_runs', 'Runs by state', 'state')
  const recent = gauge('cc_ci_recent_runs', `The newest ${RECENT} runs that have ended, by verdict or end`, 'verdict')
  const unanswered = gauge('cc_ci_answers_waiting', 'Answers that the forge does not show yet')
  const workers = gauge('cc_ci_workers', 'Workers that are known')
  const up = gauge('cc_ci_database_up', '1: the database answered this scrape')

  /** One question for all gauges of a scrape. */
  function fresh(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = null
    })
    return asking
  }

  async function ask(): Promise<void> {
    try {
      const [counts, ended, waiting, known] = await Promise.all([
        store.counts(),
        store.runs({ state: ENDED, limit: RECENT }),
        store.unanswered(),
        store.workers(),
      ])
      for (const [state, count] of Object.entries(counts)) runs.set({ state }, count)
      recent.reset()
      for (const { state, outcome } of ended) recent.inc({ verdict: outcome?.verdict ?? state })
      unanswered.set(waiting)
      workers.set(known.length)
      up.set(1)
    } catch {
      up.set(0)
    }
  }
}
