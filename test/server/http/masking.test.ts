import fc from 'fast-check'
import { Hono } from 'hono'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { MASK, type Masker } from '../../../src/lib/masking/mask.ts'
import { maskedLines, maskResponses } from '../../../src/server/http/middleware/mask-responses.ts'
import { serverMasker } from '../../../src/server/secrets.ts'
import { SETTINGS } from './bench.ts'

const settings = {
  ...SETTINGS,
  databaseUrl: 'postgres://ci:p%40ss-word-of-db@db.example.org/ci',
  oauth: { clientId: 'client', clientSecret: 'gto_client-secret-0123456789' },
}
const SECRETS = [
  ...[settings.forgeToken, settings.webhookSecret, settings.operatorToken, settings.oauth.clientSecret],
  ...[settings.databaseUrl, 'p%40ss-word-of-db', 'p@ss-word-of-db'],
]
const masker = serverMasker(settings)

const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  url: encodeURIComponent,
  form: (secret) => new URLSearchParams({ v: secret }).toString(),
  json: (secret) => JSON.stringify({ secret }),
  'json in json': (secret) => JSON.stringify({ text: JSON.stringify({ secret }) }),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  base64: (secret) => Buffer.from(secret).toString('base64'),
  'base64, one byte before': (secret) => Buffer.from(`x${secret}yz`).toString('base64'),
  'base64, two bytes before': (secret) => Buffer.from(`xy${secret}z`).toString('base64'),
  base64url: (secret) => Buffer.from(secret).toString('base64url'),
}
const CASES = SECRETS.flatMap((secret) =>
  Object.entries(ENCODINGS).map(([name, encode]) => [name, encode(secret)] as const),
)

/** The answer of a route whose body comes in these pieces. */
async function answered(pieces: readonly Uint8Array[], type = 'text/plain'): Promise<string> {
  const app = new Hono()
  app.use(maskResponses(masker))
  app.get('/', () => new Response(streamOf(pieces), { headers: { 'content-type': type } }))
  return (await app.request('/')).text()
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(out) {
      for (const piece of pieces) out.enqueue(piece)
      out.close()
    },
  })
}

describe('answers', () => {
  test('hide every secret in every encoding, cut at every byte', async () => {
    const leaks: string[] = []
    for (const [name, text] of CASES) {
      const bytes = Buffer.from(`ä before ${text} after ö`)
      for (let at = 0; at <= bytes.length; at++) {
        const seen = await answered([bytes.subarray(0, at), bytes.subarray(at)])
        if (masker.leaks(seen) || !seen.includes(MASK) || !seen.startsWith('ä before')) leaks.push(`${name} at ${at}`)
      }
    }
    expect(leaks).toEqual([])
  })

  test('hide secrets among other text, however it is cut', async () => {
    const text = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(...CASES.map(([, one]) => one))))
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(40), { minLength: 1 }), async (parts, sizes) => {
        expect(masker.leaks(await answered(cut(Buffer.from(parts.join(' ')), sizes)))).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('without a secret come as they were; pictures always', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 500 }),
        fc.array(fc.nat(9), { minLength: 1 }),
        async (text, sizes) => {
          expect(await answered(cut(Buffer.from(text), sizes))).toBe(text.replace(/^\uFEFF/, ''))
        },
      ),
      { numRuns: 200 },
    )
    expect(await answered([Buffer.from(settings.forgeToken)], 'image/png')).toBe(settings.forgeToken)
  })
})

test('log lines hide every secret in every encoding, wherever it stands', () => {
  const lines: string[] = []
  const log = pino({ level: 'trace' }, maskedLines(masker as Masker, { write: (line) => lines.push(line) }))
  for (const [name, text] of CASES) {
    log.info(text)
    log.info({ [text]: name }, 'as a key')
    log.error({ err: new Error(text, { cause: new Error(text) }), deep: { list: [text] } }, `in an error: ${text}`)
  }
  expect(lines).toHaveLength(3 * CASES.length)
  expect(lines.filter((line) => masker.leaks(line))).toEqual([])
  expect(lines.filter((line) => !line.includes(MASK))).toEqual([])
})

function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = 1 + (sizes[turn % sizes.length] ?? 0)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}
