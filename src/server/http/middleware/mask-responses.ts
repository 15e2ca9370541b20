// cspell:ignore openmetrics
import type { MiddlewareHandler } from 'hono'
import type { Masker } from '../../../lib/masking/mask.ts'

const TEXT =
  /^(text\/(?!event-stream)|application\/(json|[\w.+-]*\+(?:json|xml)|xml|javascript|x-ndjson|openmetrics-text)|image\/svg)/i

/**
 * Masks secrets in whatever text leaves, however it is cut into pieces. Pictures and bundles pass as they are, and so do server-sent events, of which each is
 * masked as a whole by who sends it: the end of a stream's newest text is held back here until more comes.
 */
export function maskResponses(masker: Masker): MiddlewareHandler {
  return async (c, next) => {
    await next()
    const { body, status, headers } = c.res
    if (body === null || !TEXT.test(headers.get('content-type') ?? '')) return
    const forwarded = new Headers(headers)
    forwarded.delete('content-length')
    c.res = undefined
    c.res = new Response(body.pipeThrough(maskingBytes(masker)), { status, headers: forwarded })
  }
}

/** UTF-8 in, masked UTF-8 out; at most the longest secret is held back. */
function maskingBytes(masker: Masker): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  const masking = masker.stream()
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      const text = masking.push(decoder.decode(chunk, { stream: true }))
      if (text !== '') out.enqueue(encoder.encode(text))
    },
    flush(out) {
      const text = masking.push(decoder.decode()) + masking.end()
      if (text !== '') out.enqueue(encoder.encode(text))
    },
  })
}

/** Where a logger writes its lines so that none has a secret in it: the second argument of pino. */
export function maskedLines(masker: Masker, out: { write(line: string): unknown }): { write(line: string): void } {
  return { write: (line) => void out.write(masker.mask(line)) }
}
