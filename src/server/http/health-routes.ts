// cspell:ignore readyz
import { Hono } from 'hono'
import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Store } from '../contract/store.ts'
import type { Metrics } from './metrics.ts'

const PING_MS = 2000

/** `/healthz`: the process answers. `/readyz`: it can do its work. `/metrics`: for Prometheus. */
export function healthRoutes(store: Pick<Store, 'ping'>, { registry }: Metrics, clock: Clock = systemClock): Hono {
  const app = new Hono()
  app.get('/healthz', (c) => c.text('alive\n'))
  app.get('/readyz', async (c) => {
    const seen = await waitFor<null, string>(() => look(store), { name: 'the database', timeoutMs: PING_MS, clock })
    if (seen.state === 'ready') return c.text('ready\n')
    const reason = seen.state === 'impossible' ? seen.cause : `the database has not answered within ${PING_MS} ms`
    return c.text(`${reason}\n`, 503)
  })
  app.get('/metrics', async (c) => {
    return c.body(await registry.metrics(), 200, { 'content-type': registry.contentType })
  })
  return app
}

async function look(store: Pick<Store, 'ping'>) {
  try {
    await store.ping()
    return { state: 'ready', value: null } as const
  } catch (error) {
    return { state: 'impossible', cause: messageOf(error) } as const
  }
}
