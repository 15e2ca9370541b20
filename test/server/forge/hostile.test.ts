// cspell:ignore unsendable
import { once } from 'node:events'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { ForgeError } from '../../../src/server/contract/errors.ts'
import type { Forge } from '../../../src/server/contract/forge.ts'
import { retryAfterMs } from '../../../src/server/forge/gitea/error-of.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { standIn } from '../support/gitea-stand-in.ts'

const TOKEN = 'secret-token-0123456789abcdef'
const forgeAt = (baseUrl: string, more: { timeoutMs?: number; maxBytes?: number } = {}) =>
  giteaForge({ baseUrl, token: TOKEN, ...more })

async function errorOf(act: Promise<unknown>): Promise<ForgeError> {
  const error = await act.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ForgeError)) throw new Error(`no ForgeError but ${error}`)
  return error
}

it('ends an answer that drips, one that never begins, and one that breaks off', async () => {
  await using drips = await standIn((_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  })
  await using silent = await standIn(() => undefined)
  await using broken = await standIn((_, response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{')
    response.destroy()
  })
  for (const { url } of [drips, silent, broken]) {
    const before = systemClock.now()
    expect((await errorOf(forgeAt(url, { timeoutMs: 300 }).self())).code).toBe('forge-gone')
    expect(systemClock.now() - before).toBeLessThan(10_000)
  }
  expect((await errorOf(forgeAt('http://127.0.0.1:1').self())).code).toBe('forge-gone')
})

it('hangs up on an answer without end', async () => {
  const closed: Promise<unknown>[] = []
  await using endless = await standIn((_, response) => {
    closed.push(once(response, 'close'))
    response.writeHead(200)
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', more)
    }
    more()
  })
  expect((await errorOf(forgeAt(endless.url, { maxBytes: 1_000_000 }).self())).message).toContain('larger than')
  await Promise.all(closed)
})

it('reads lists of huge items in smaller pages', async () => {
  const items = Array.from({ length: 12 }, (_, index) => ({ full_name: `coop/${'r'.repeat(50)}${index + 10}` }))
  await using server = await standIn(({ url }, response) => {
    const query = new URL(url ?? '', 'http://x').searchParams
    const [limit, page] = [Number(query.get('limit')), Number(query.get('page'))]
    response.setHeader('x-total-count', items.length)
    response.end(JSON.stringify(items.slice((page - 1) * limit, page * limit)))
  })
  expect(await forgeAt(server.url, { maxBytes: 500 }).repositories('coop')).toEqual(items.map((one) => one.full_name))
  expect(server.asked.some(({ url }) => url.includes('limit=5&'))).toBe(true)
})

it('reads a list again from which something was deleted meanwhile', async () => {
  let items = Array.from({ length: 60 }, (_, index) => ({ full_name: `coop/r${index + 100}` }))
  await using server = await standIn(({ url }, response) => {
    const page = Number(new URL(url ?? '', 'http://x').searchParams.get('page'))
    response.setHeader('x-total-count', items.length)
    response.end(JSON.stringify(items.slice((page - 1) * 50, page * 50)))
    if (page === 1 && items.length === 60) items = items.slice(1)
  })
  expect(await forgeAt(server.url).repositories('coop')).toEqual(items.map((one) => one.full_name))
})

it('follows no redirect, within the forge or away from it', async () => {
  await using other = await standIn((_, response) => response.end('{"login":"evil"}'))
  for (const status of [301, 302, 303, 307, 308]) {
    await using server = await standIn((_, response) => {
      response.writeHead(status, { location: `${other.url}/api/v1/user` }).end()
    })
    expect((await errorOf(forgeAt(server.url).self())).code).toBe('forge-broken')
    expect(server.asked).toHaveLength(1)
  }
  expect(other.asked).toEqual([])
})

it('calls no address that an answer names', async () => {
  await using other = await standIn((_, response) => response.end('[]'))
  await using server = await standIn((_, response) => {
    response.setHeader('link', `<${other.url}/next>; rel="next"`)
    response.end(JSON.stringify([{ full_name: 'coop/a', url: other.url, clone_url: other.url }]))
  })
  await forgeAt(server.url)
    .repositories('coop')
    .catch(() => undefined)
  expect(other.asked).toEqual([])
})

it('hands on how long to wait', async () => {
  await using server = await standIn((_, response) => {
    response.writeHead(429, { 'retry-after': '7' }).end('{"message":"slower"}')
  })
  const error = await errorOf(forgeAt(server.url).self())
  expect(error).toMatchObject({ code: 'forge-gone', retryAfterMs: 7000 })
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000)
  expect(retryAfterMs('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
  expect(retryAfterMs('999999999999', now)).toBe(3_600_000)
  expect(retryAfterMs('soon', now)).toBeUndefined()
})

it('tells a broken answer from a refused and a missing one', async () => {
  const cases: [number, string, string][] = [
    [200, '<html>', 'forge-broken'],
    [200, '{"login":7}', 'forge-broken'],
    [500, '', 'forge-gone'],
    [502, '<html>', 'forge-gone'],
    [401, '{}', 'forge-refused'],
    [403, '{}', 'forge-refused'],
    [404, '{}', 'forge-missing'],
    [422, '{"message":"empty"}', 'forge-refused'],
  ]
  for (const [status, text, code] of cases) {
    await using server = await standIn((_, response) => void response.writeHead(status).end(text))
    expect((await errorOf(forgeAt(server.url).self())).code, `${status} ${text}`).toBe(code)
  }
})

it('sends the token in its header alone, and never says it', async () => {
  await using server = await standIn((request, response) => {
    const echo = `${request.headers.authorization} ${encodeURIComponent(TOKEN)} ${Buffer.from(TOKEN).toString('base64')}`
    response.writeHead(403).end(JSON.stringify({ message: echo }))
  })
  const forge = forgeAt(server.url)
  for (const error of [await errorOf(forge.self()), await errorOf(forge.defaultBranch(`coop/${TOKEN}`))]) {
    const all = `${error.message} ${error.describe()} ${error.stack} ${String(error.cause)}`
    expect(all).not.toContain(TOKEN)
    expect(all).not.toContain(Buffer.from(TOKEN).toString('base64').slice(0, 30))
  }
  expect(server.asked[0]?.authorization).toBe(`token ${TOKEN}`)
  expect(server.asked[0]?.url).not.toContain(TOKEN)
  const unsendable = giteaForge({ baseUrl: server.url, token: `${TOKEN}\nx: y` })
  expect((await errorOf(unsendable.self())).message).not.toContain(TOKEN)
})

it('lets no name out of its place in the address', async () => {
  await using server = await standIn((_, response) => void response.writeHead(404).end('{}'))
  const forge = forgeAt(`${server.url}/below`)
  const piece = fc.constantFrom(
    '..',
    '.',
    '/',
    '%2e%2e',
    '%2f',
    '\\',
    '?',
    '#',
    '@',
    ':',
    '\n',
    '\0',
    '\ud800',
    'coop',
    'é',
    ' ',
  )
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')),
  )
  const calls: ((forge: Forge, name: string) => Promise<unknown>)[] = [
    (at, text) => at.isMember('coop', text),
    (at, text) => at.isMember(text, 'member'),
    (at, text) => at.defaultBranch(text),
    (at, text) => at.defaultBranch(`coop/${text}`),
    (at, text) => at.resolveCommit('coop/recipe', text),
    (at, text) => at.latestStatus('coop/recipe', text, 'x'),
    (at, text) => at.activePulls(text, text),
    (at, text) => at.ensureWebhook(text, { url: text, contentType: 'json', events: [] }, text),
    (at, text) => Promise.resolve().then(() => at.cloneSource(text)),
  ]
  const allowed = [
    /^\/below\/api\/v1\/orgs\/[\w.%-]+\/members\/[\w.-]+$/,
    /^\/below\/api\/v1\/repos\/[\w.-]+\/[\w.-]+(\?|$)/,
    /^\/below\/api\/v1\/repos\/coop\/recipe\/(branches|tags|git\/commits)\/[^?#\s\\]+$/,
    /^\/below\/api\/v1\/repos\/coop\/recipe\/commits\/[0-9a-f]{40}\/status\?/,
    /^\/below\/api\/v1\/repos\/issues\/search\?[^#\s]*$/,
    /^\/below\/api\/v1\/(orgs\/[\w.-]+|repos\/[\w.-]+\/[\w.-]+)\/hooks\?limit=\d+&page=\d+$/,
  ]
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...calls), name, async (act, text) => {
      server.asked.length = 0
      await act(forge, text).catch((error: unknown) => expect(error).toBeInstanceOf(ForgeError))
      for (const { url } of server.asked) {
        expect(allowed.some((shape) => shape.test(url))).toBe(true)
        expect(
          url
            .split('?')[0]
            ?.split('/')
            .some((part) => /^(\.|%2e){1,2}$/i.test(part)),
        ).toBe(false)
      }
    }),
    { numRuns: 1500 },
  )
})
