import type { Context, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { readBounded } from '../../../lib/files/bounded-body.ts'
import { HttpError } from '../http-error.ts'

/** The raw body. Throws Refusal 413 as soon as more than `max` bytes are announced or came, 415 when it is packed. */
export async function bytesOf(c: Context, max: number): Promise<Buffer> {
  const packing = c.req.header('content-encoding')
  if (packing !== undefined && packing !== 'identity') {
    throw new HttpError(415, 'packed', 'a body must not be compressed')
  }
  if (Number(c.req.header('content-length') ?? 0) > max) throw tooLarge(max)
  return readBounded(c.req.raw.body, max, () => tooLarge(max))
}

/** A JSON body. Throws Refusal 400 where it is none or not of that shape. */
export async function jsonOf<T>(c: Context, shape: z.ZodType<T>, max = 64 * 1024): Promise<T> {
  const text = (await bytesOf(c, max)).toString('utf8')
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw new HttpError(400, 'bad-request', 'the body is no JSON')
  }
  const parsed = shape.safeParse(data)
  if (parsed.success) return parsed.data
  throw new HttpError(400, 'bad-request', issuesOf(parsed.error))
}

export function issuesOf({ issues }: { readonly issues: readonly z.core.$ZodIssue[] }): string {
  return issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length > 0 ? `${path.map(String).join('.')}: ${message}` : message))
    .join('; ')
    .slice(0, 500)
}

function tooLarge(max: number): HttpError {
  return new HttpError(413, 'too-large', `a body may have ${max} bytes here`)
}

/** Reads bodies of at most `max` bytes before any route does; what is larger never gets to one. */
export function boundedBody(max: number): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      const { buffer } = new Uint8Array(await bytesOf(c, max))
      c.req.bodyCache.arrayBuffer = Promise.resolve(buffer) as never
    }
    await next()
  }
}
