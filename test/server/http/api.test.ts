// cspell:ignore Fsuch Fone
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type HttpBench, httpBench } from './bench.ts'

let bench: HttpBench
beforeAll(async () => {
  bench = await httpBench()
})

const errorOf = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as object) })

describe('runs', () => {
  test('start, list, one, cancel, rerun', async () => {
    const started = await bench.api('POST', '/runs', { repository: 'coop-cloud/one', quick: true })
    expect(started.status).toBe(201)
    const request = (await started.json()) as { id: string }
    const one = await bench.app.request(`/api/v1/runs/${request.id}`)
    expect(await one.json()).toEqual(JSON.parse(JSON.stringify(await bench.store.run(request.id))))
    const cancelled = await bench.api('POST', `/runs/${request.id}/cancel`)
    expect(await cancelled.json()).toEqual({ result: 'cancelled' })
    expect(await (await bench.api('POST', `/runs/${request.id}/cancel`)).json()).toEqual({ result: 'ended' })
    const again = await bench.api('POST', `/runs/${request.id}/rerun`)
    expect(again.status).toBe(201)
    expect(await again.json()).toMatchObject({ repository: 'coop-cloud/one', quick: true })
    const list = await bench.app.request('/api/v1/runs?repository=coop-cloud/one&state=queued,running')
    expect(await list.json()).toMatchObject({ runs: [{ state: 'queued' }], next: null })
  })

  test('pages follow each other to the end without a gap', async () => {
    const asked: string[] = []
    for (let count = 0; count < 7; count++) {
      bench.clock.time += 1000
      asked.unshift((await bench.ask({ repository: 'coop-cloud/many' })).id)
    }
    const seen: string[] = []
    for (let before: string | null = ''; before !== null; ) {
      const query: string = `repository=coop-cloud/many&limit=3${before ? `&before=${before}` : ''}`
      const page = (await (await bench.app.request(`/api/v1/runs?${query}`)).json()) as {
        runs: { request: { id: string } }[]
        next: string | null
      }
      seen.push(...page.runs.map(({ request }) => request.id))
      before = page.next
    }
    expect(seen).toEqual(asked)
  })

  test.each([
    ['GET', '/runs/20260101-000000-aaaaaa', undefined, 404, 'no-such-run'],
    ['POST', '/runs/20260101-000000-aaaaaa/cancel', undefined, 404, 'no-such-run'],
    ['POST', '/runs/20260101-000000-aaaaaa/rerun', undefined, 404, 'no-such-run'],
    ['GET', '/runs?state=lost', undefined, 400, 'bad-request'],
    ['GET', '/runs?limit=0', undefined, 400, 'bad-request'],
    ['POST', '/runs', { repository: '../x' }, 400, 'bad-request'],
    ['POST', '/runs', { repository: 'a/b', more: 1 }, 400, 'bad-request'],
    ['DELETE', '/enrolments/no%2Fsuch', undefined, 404, 'no-such-enrolment'],
    ['DELETE', '/workers/nobody', undefined, 404, 'no-such-worker'],
    ['GET', '/sweeps/20260101-000000-aaaaaa', undefined, 404, 'no-such-sweep'],
    ['POST', '/sweeps', { mode: 'some' }, 400, 'bad-request'],
    ['POST', '/sweeps', { recipes: [] }, 400, 'bad-request'],
    ['POST', '/sweeps', { recipes: ['../x'] }, 400, 'bad-request'],
    ['GET', '/nothing', undefined, 404, 'not-found'],
  ])('%s %s is refused', async (method, path, body, status, code) => {
    expect(await errorOf(await bench.api(method, path, body))).toMatchObject({ status, error: { code } })
  })
})

test('a sweep is ordered once, and told of', async () => {
  const ordered = await bench.api('POST', '/sweeps', { mode: 'changed', recipes: ['coop-cloud/one'] })
  const { id } = (await ordered.json()) as { id: string }
  expect(ordered.status).toBe(201)
  expect(await errorOf(await bench.api('POST', '/sweeps', {}))).toMatchObject({
    status: 409,
    error: { code: 'sweep-running' },
  })
  const row = { id, by: 'operator', mode: 'changed', state: 'ordered', verdict: null }
  expect(await (await bench.app.request('/api/v1/sweeps')).json()).toMatchObject({ sweeps: [row] })
  expect(await (await bench.app.request(`/api/v1/sweeps/${id}`)).json()).toMatchObject({ ...row, matrix: null })
})

test('enrolments come and go, names with a slash included', async () => {
  const first = await bench.api('POST', '/enrolments', { name: 'coop-cloud/one', allow: ['ann'] })
  expect(first.status).toBe(201)
  expect(await first.json()).toMatchObject({ enrolment: { name: 'coop-cloud/one' }, paste: { contentType: 'json' } })
  expect(await errorOf(await bench.api('POST', '/enrolments', { name: 'coop-cloud/one' }))).toMatchObject({
    status: 409,
    error: { code: 'already-enrolled' },
  })
  const list = await bench.app.request('/api/v1/enrolments')
  expect(await list.json()).toMatchObject({ enrolments: [{ name: 'coop-cloud/one', allow: ['ann'] }] })
  expect((await bench.api('DELETE', '/enrolments/coop-cloud%2Fone')).status).toBe(204)
  expect(await bench.store.enrollments()).toEqual([])
})

test('a worker gets a token once, and none but its hash is kept', async () => {
  const added = await bench.api('POST', '/workers', { name: 'barn-2' })
  expect(added.status).toBe(201)
  const { token } = (await added.json()) as { token: string }
  expect(token).toMatch(/^[\w-]{43}$/)
  expect((await bench.api('POST', '/workers', { name: 'barn-2' })).status).toBe(409)
  const list = await (await bench.api('GET', '/workers')).text()
  expect(list).toContain('barn-2')
  expect(list).not.toContain(token)
  expect((await bench.api('DELETE', '/workers/barn-2')).status).toBe(204)
})

test('the queue says who is first', async () => {
  const other = await httpBench()
  const first = await other.ask()
  other.clock.time += 1000
  const second = await other.ask({ repository: 'coop-cloud/two' })
  const queue = await (await other.app.request('/api/v1/queue')).json()
  expect(queue).toMatchObject({
    counts: { queued: 2 },
    queued: [
      { run: { request: { id: first.id } }, ahead: 0 },
      { run: { request: { id: second.id } }, ahead: 1 },
    ],
  })
})

test('an internal error tells its request id and nothing else', async () => {
  const broken = await httpBench()
  Object.assign(broken.store, { counts: () => Promise.reject(new Error('secret detail')) })
  const answer = await broken.app.request('/api/v1/queue')
  const text = await answer.text()
  expect(answer.status).toBe(500)
  expect(text).not.toContain('secret detail')
  const id = answer.headers.get('x-request-id') as string
  expect(text).toContain(id)
  expect(broken.lines.join('')).toContain(id)
})

test('the index learns of files that were put back', async () => {
  expect((await bench.api('POST', '/workers', { name: 'barn-3' })).status).toBe(201)
  const { id } = await bench.ask({ repository: 'coop-cloud/restored' })
  const saved = await mkdtemp(join(tmpdir(), 'cc-ci-saved-'))
  onTestFinished(() => rm(saved, { recursive: true, force: true }))
  await cp(bench.settings.state, saved, { recursive: true, filter: (from) => !from.endsWith('/database') })
  expect((await bench.api('DELETE', '/workers/barn-3')).status).toBe(204)
  await cp(saved, bench.settings.state, { recursive: true })
  const workers = async () => (await bench.api('GET', '/workers')).text()
  expect(await workers()).not.toContain('barn-3')
  const answer = await bench.api('POST', '/index')
  expect({ status: answer.status, ...((await answer.json()) as object) }).toEqual({
    ...{ status: 200, runs: 0, comments: 0, enrolments: 0 },
  })
  expect(await workers()).toContain('barn-3')
  const folder = join(bench.settings.state, 'runs', '20260203-040506-backup')
  await cp(join(bench.settings.state, 'runs', id), folder, { recursive: true })
  const file = join(folder, 'request.json')
  await writeFile(file, (await readFile(file, 'utf8')).replace(id, '20260203-040506-backup'))
  expect(await (await bench.api('POST', '/index')).json()).toMatchObject({ runs: 1 })
  expect((await bench.app.request('/api/v1/runs/20260203-040506-backup')).status).toBe(200)
})
