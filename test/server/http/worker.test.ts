import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { InfraError } from '../../../src/lib/errors.ts'
import type { Assignment, Dispatch } from '../../../src/server/contract/protocol.ts'
import { type HttpListener, listen } from '../../../src/server/http/listen.ts'
import { httpDispatch } from '../../../src/server/worker/http-dispatch.ts'
import { GIB } from '../storage/bench.ts'
import { type HttpBench, httpBench } from './bench.ts'

const never = new AbortController().signal
const CLAIM = { memoryBytes: 8 * GIB, freeBytes: 8 * GIB, harness: '0.1.0', waitMs: 0 }
let bench: HttpBench
let server: HttpListener
let url = ''
let token = ''
let dispatch: Dispatch
let noSource: Error | null = null

beforeAll(async () => {
  bench = await httpBench({ bundleError: () => noSource })
  server = await listen(bench.app, { host: '127.0.0.1', port: 0 })
  url = `http://127.0.0.1:${server.port}`
  token = ((await (await bench.api('POST', '/workers', { name: 'barn' })).json()) as { token: string }).token
  dispatch = httpDispatch({ url, token })
})
afterAll(() => server.close(0))

async function claimed(): Promise<Assignment> {
  await bench.ask({ repository: `coop-cloud/r${Math.random().toString(36).slice(2)}` })
  const held = await dispatch.claim(CLAIM, never)
  if (!held) throw new Error('nothing to do')
  return held
}

const stale = (held: Assignment): Assignment => ({ ...held, token: '0'.repeat(32) })

describe('a worker elsewhere', () => {
  test('takes a run from claim to its end', async () => {
    expect(await dispatch.claim(CLAIM, never)).toBeNull()
    const held = await claimed()
    expect(await dispatch.renew(held)).toEqual({ leaseMs: 30_000, cancel: null })
    const dir = await mkdtemp(join(tmpdir(), 'cc-ci-source-'))
    try {
      await dispatch.source(held, join(dir, 'bundle'), never)
      expect(await readFile(join(dir, 'bundle'), 'utf8')).toBe(`bundle of ${held.request.commit}`)
    } finally {
      await rm(dir, { recursive: true })
    }
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251)
    expect(await dispatch.put(held, 'artifacts/a b+c.bin', 0, bytes)).toEqual({ size: bytes.length })
    const kept = join(bench.settings.state, 'runs', held.folder, 'artifacts', 'a b+c.bin')
    expect(Buffer.compare(await readFile(kept), bytes)).toBe(0)
    const end = { exitCode: 4, ended: 'itself', words: 'it broke', teardown: 'unknown' } as const
    await dispatch.finish(held, end)
    await dispatch.finish(held, end)
    await dispatch.teardown(held, { teardown: 'clean' })
    expect(await bench.store.run(held.request.id)).toMatchObject({
      ...{ state: 'error', worker: 'barn', outcome: { message: 'it broke', teardown: 'clean' } },
    })
  })

  test('is told what no other try fixes, and what one may', async () => {
    const held = await claimed()
    const source = () => dispatch.source(held, '/dev/null', never)
    noSource = new InfraError('commit-not-found', 'coop/x has no commit aaa', { kind: 'gone' })
    await expect(source()).rejects.toMatchObject({ code: 'commit-not-found', message: expect.stringContaining('aaa') })
    noSource = new InfraError('git-failed', 'git: the forge is away', { kind: 'upstream' })
    await expect(source()).rejects.toMatchObject({ code: 'server-gone', message: expect.stringContaining('is away') })
    noSource = null
    await source()
    await dispatch.release(held)
    await bench.store.cancel(held.request.id, 'enough', bench.clock.now())
  })

  test('gives a run back, and is fenced afterwards', async () => {
    const held = await claimed()
    await dispatch.release(held)
    expect(await bench.store.run(held.request.id)).toMatchObject({ state: 'queued' })
    await expect(dispatch.renew(held)).rejects.toMatchObject({ code: 'fenced' })
    await bench.store.cancel(held.request.id, 'enough', bench.clock.now())
  })

  test('writes nothing with a lease that is not the one of its run', async () => {
    const held = await claimed()
    const bytes = Buffer.from('late')
    const end = { exitCode: 0, ended: 'itself', words: '', teardown: 'clean' } as const
    for (const wrong of [stale(held), { ...held, attempt: 9 }]) {
      for (const call of [
        () => dispatch.renew(wrong),
        () => dispatch.put(wrong, 'events.ndjson', 0, bytes),
        () => dispatch.source(wrong, '/dev/null', never),
        () => dispatch.finish(wrong, end),
        () => dispatch.teardown(wrong, { teardown: 'clean' }),
        () => dispatch.release(wrong),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'fenced' })
      }
    }
    expect(await bench.store.run(held.request.id)).toMatchObject({ state: 'running', outcome: null })
  })

  test('is told from where to continue, and which names and sizes are refused', async () => {
    const held = await claimed()
    await dispatch.put(held, 'events.ndjson', 0, Buffer.from('12345'))
    await expect(dispatch.put(held, 'events.ndjson', 3, Buffer.from('x'))).rejects.toMatchObject({
      ...{ code: 'wrong-offset', size: 5 },
    })
    for (const path of [
      '../x',
      'request.json',
      'outcome.json',
      'logs/../../x',
      'artifacts/..%2f..%2fx',
      'artifacts/.x',
    ]) {
      await expect(dispatch.put(held, path, 0, Buffer.from('x'))).rejects.toThrow()
    }
    const large = new Uint8Array(8 * 1024 ** 2 + 1)
    await expect(dispatch.put(held, 'artifacts/large', 0, large)).rejects.toMatchObject({ code: 'too-large' })
  })

  test('without a token of a worker is told nothing', async () => {
    for (const wrong of ['x', bench.settings.operatorToken, `${token}x`]) {
      const stranger = httpDispatch({ url, token: wrong })
      await expect(stranger.claim(CLAIM, never)).rejects.toMatchObject({ code: 'server-refused' })
      await expect(stranger.renew(await held())).rejects.toMatchObject({ code: 'server-refused' })
    }
    async function held() {
      return (await bench.store.runs({ limit: 1 })).map((row) => ({ ...row, token: '0'.repeat(32) }))[0] as never
    }
  })

  test('that hangs up while it waits holds no run', async () => {
    const patience = new AbortController()
    const waiting = dispatch.claim({ ...CLAIM, waitMs: 20_000 }, patience.signal)
    const gone = expect(waiting).rejects.toThrow()
    patience.abort(new Error('hung up'))
    await gone
    const asked = await bench.ask({ repository: 'coop-cloud/after' })
    const held = await waitFor<Assignment, never>(
      async () => {
        const found = await dispatch.claim(CLAIM, never)
        return found ? { state: 'ready', value: found } : { state: 'waiting', reason: 'nobody has it' }
      },
      { name: 'the run', timeoutMs: 120_000, everyMs: 50 },
    )
    expect(held).toMatchObject({ state: 'ready', value: { request: { id: asked.id } } })
  })
})

test('a server that stops answers who waits for something to do, and ends at once', async () => {
  const own = await httpBench()
  const listening = await listen(own.app, { host: '127.0.0.1', port: 0 })
  const made = (await (await own.api('POST', '/workers', { name: 'barn' })).json()) as { token: string }
  const waiting = httpDispatch({ url: `http://127.0.0.1:${listening.port}`, token: made.token })
  const claim = waiting.claim({ ...CLAIM, waitMs: 25_000 }, never)
  const seen = async () =>
    (await own.store.workers()).some(({ seenAt }) => seenAt !== null)
      ? ({ state: 'ready', value: null } as const)
      : ({ state: 'waiting', reason: 'not yet' } as const)
  await waitFor(seen, { name: 'a claim', timeoutMs: 120_000, everyMs: 20 })
  const began = performance.now()
  own.stopWaiting()
  await listening.close(20_000)
  expect(await claim).toBeNull()
  expect(performance.now() - began).toBeLessThan(5000)
})
