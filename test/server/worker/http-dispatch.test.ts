import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Assignment } from '../../../src/server/contract/protocol.ts'
import { serverUrl } from '../../../src/server/server-address.ts'
import { callServer, httpDispatch } from '../../../src/server/worker/http-dispatch.ts'

const ID = '20261123-191254-k3f9qa'
const TOKEN = 'a'.repeat(32)
const HELD: Assignment = {
  request: {
    ...{ schema: 1, id: ID, attemptOf: null, at: '2026-11-23T19:12:54Z', priority: 'manual', repository: 'o/r' },
    ...{ pull: null, commit: '1'.repeat(40), base: 'auto', quick: false, memoryBytes: 1, deadlineMs: 1000 },
  },
  ...{
    attempt: 2,
    token: TOKEN,
    folder: ID,
    leaseMs: 30_000,
    origin: 'https://git.example.org/o/r',
    approvedCommits: [],
    approvedTrees: [],
  },
}
const never = new AbortController().signal

interface Said {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const open: { close(): void }[] = []
afterEach(() => open.splice(0).forEach((one) => void one.close()))

/** A server that answers every call so, and notes what it was told. */
async function answering(
  answer: (response: ServerResponse, said: Said) => void,
): Promise<{ url: string; said: Said[] }> {
  const said: Said[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { method, url, headers } = request
    const one = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') }
    said.push(one)
    answer(response, one)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => void server.close(() => {}).closeAllConnections() })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, said }
}

const json = (status: number, body: object) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

async function speaking(answer: (response: ServerResponse, said: Said) => void) {
  const { url, said } = await answering(answer)
  return { dispatch: httpDispatch({ url, token: 'the-worker-token' }), said }
}

describe('the protocol over HTTP', () => {
  it('names the token and the lease, and puts bytes where they belong', async () => {
    const { dispatch, said } = await speaking(json(200, { size: 8 }))
    expect(await dispatch.put(HELD, 'artifacts/a b.png', 5, Buffer.from('xyz'))).toEqual({ size: 8 })
    expect(said).toEqual([
      {
        ...{ method: 'PUT', url: `/worker/v1/runs/${ID}/files/artifacts/a%20b.png?offset=5`, body: 'xyz' },
        headers: expect.objectContaining({ authorization: 'Bearer the-worker-token', 'x-cc-ci-lease': `2.${TOKEN}` }),
      },
    ])
  })

  it('takes an assignment, and 204 for none', async () => {
    const body = { memoryBytes: 2, freeBytes: 1, harness: '1.0', waitMs: 0 }
    const some = await speaking(json(200, HELD))
    expect(await some.dispatch.claim(body, never)).toEqual(HELD)
    expect(JSON.parse(some.said[0]?.body ?? '')).toEqual(body)
    const none = await speaking((response) => void response.writeHead(204).end())
    expect(await none.dispatch.claim(body, never)).toBeNull()
  })

  it('saves the source', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cc-ci-source-'))
    open.push({ close: () => rmSync(dir, { recursive: true }) })
    const { dispatch } = await speaking((response) => void response.end('a bundle'))
    await dispatch.source(HELD, join(dir, 'x'), never)
    expect(readFileSync(join(dir, 'x'), 'utf8')).toBe('a bundle')
    const broken = await speaking((response) => {
      response.writeHead(200, { 'content-length': '100' }).write('half')
      response.destroy()
    })
    await expect(broken.dispatch.source(HELD, join(dir, 'y'), never)).rejects.toMatchObject({ code: 'server-gone' })
  })

  it.each([
    [409, { code: 'fenced' }, 'fenced'],
    [409, { error: { code: 'fenced', message: 'no' } }, 'fenced'],
    [413, { code: 'too-large' }, 'too-large'],
    [400, { code: 'bad-path' }, 'bad-path'],
    [500, {}, 'server-gone'],
    [503, { code: 'database-gone' }, 'server-gone'],
    [429, {}, 'server-gone'],
    [401, {}, 'server-refused'],
    [404, {}, 'server-refused'],
    [418, {}, 'server-broken'],
    [200, { size: 'much' }, 'server-broken'],
  ])('understands %i %j as %s', async (status, body, code) => {
    const { dispatch } = await speaking(json(status, body))
    await expect(dispatch.put(HELD, 'run.json', 0, Buffer.from('x'))).rejects.toMatchObject({ code })
  })

  it.each([
    { code: 'wrong-offset', size: 7 },
    { error: { code: 'wrong-offset' }, size: 7 },
  ])('learns from %j where to continue', async (body) => {
    const { dispatch } = await speaking(json(409, body))
    const put = dispatch.put(HELD, 'run.json', 0, Buffer.from('x'))
    await expect(put).rejects.toMatchObject({ code: 'wrong-offset', size: 7 })
  })

  it('follows no redirect: the token goes nowhere else', async () => {
    const elsewhere = await answering(json(200, {}))
    const { dispatch } = await speaking((response) => void response.writeHead(307, { location: elsewhere.url }).end())
    await expect(dispatch.renew(HELD)).rejects.toMatchObject({ code: 'server-broken' })
    expect(elsewhere.said).toEqual([])
  })

  it('reads no answer without end, and waits for none', async () => {
    const { dispatch } = await speaking((response) => void response.end('x'.repeat(300 * 1024)))
    await expect(dispatch.renew(HELD)).rejects.toMatchObject({ code: 'server-broken' })
    const { url } = await answering(() => {})
    const call = callServer({ url, token: 'x' }, { method: 'POST', path: 'claim', timeoutMs: 100 })
    await expect(call).rejects.toMatchObject({ code: 'server-gone' })
    const gone = httpDispatch({ url: 'http://127.0.0.1:1', token: 'x' })
    await expect(gone.renew(HELD)).rejects.toMatchObject({ code: 'server-gone' })
  })
})

describe('the address of a server', () => {
  it('is a plain URL', () => {
    expect(serverUrl('https://ci.example.org/')).toBe('https://ci.example.org')
    expect(serverUrl('http://localhost:8080/ci/')).toBe('http://localhost:8080/ci')
    for (const text of ['', 'ci.example.org', 'ftp://x', 'https://u:p@x', 'https://x/?a', 'file:///etc/passwd']) {
      expect(() => serverUrl(text), text).toThrow(/no plain http or https URL/)
    }
  })
})
