import { ForgeError } from '../../contract/errors.ts'

/** An answer was larger than what is read of one. A page of less may still be read. */
export class TooLargeError extends ForgeError {
  constructor(maxBytes: number) {
    super('forge-broken', `an answer of the forge is larger than ${maxBytes} bytes`)
  }
}

/** The body as text. Stops reading (and hangs up) past `maxBytes`: throws TooLargeError. */
export async function readBounded(response: Response, maxBytes: number): Promise<string> {
  if (!response.body) return ''
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > maxBytes) throw new TooLargeError(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
