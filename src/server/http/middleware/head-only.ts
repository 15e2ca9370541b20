import type { MiddlewareHandler } from 'hono'

/** A HEAD is answered as its GET, whose body nobody will read: let go of it, or its file stays open until the garbage is collected. */
export const headOnly: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.req.method !== 'HEAD') return
  await c.res.body?.cancel()
}
