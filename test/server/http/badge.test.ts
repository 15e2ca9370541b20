// cspell:ignore Cscript
import { beforeAll, describe, expect, it } from 'vitest'
import type { RunOutcome, RunRequest } from '../../../src/server/contract/request.ts'
import { enrolment, GIB } from '../storage/bench.ts'
import { type HttpBench, httpBench, OPERATOR_TOKEN } from './bench.ts'

let bench: HttpBench
beforeAll(async () => {
  bench = await httpBench()
  await bench.store.enroll(enrolment('coop-cloud'))
})

const DEFAULT_BRANCH = { ref: { name: 'main', isDefault: true } }
const PULL = { number: 1, headRef: 'change', baseRef: 'main', comment: 1, author: 'member' }

const badge = (repository: string, { query = '', ...init }: RequestInit & { query?: string } = {}) =>
  bench.app.request(`/repositories/coop-cloud/${repository}/badge.svg${query}`, init)
const words = async (answer: Response) =>
  [...(await answer.text()).matchAll(/<text[^>]*>([^<]*)</g)].map(([, said]) => said).join(' ')

/** A run that is asked for after all others, and ends so. */
async function ended(repository: string, request: Partial<RunRequest>, outcome: Partial<RunOutcome>): Promise<void> {
  bench.clock.time += 1000
  const { id } = await bench.ask({ repository: `coop-cloud/${repository}`, ...request })
  const capacity = { worker: 'one', memoryBytes: 64 * GIB, freeBytes: 64 * GIB, harness: '0' }
  const claim = await bench.store.claim(capacity, bench.clock.now(), 30_000)
  if (claim?.request.id !== id) throw new Error('another run waited')
  await bench.store.finish(claim.lease, {
    ...{ schema: 1, id, state: 'done', verdict: 'pass', level: 6, cause: null, tier: null, message: 'it ended' },
    ...{ finishedAt: '2026-11-30T12:00:00.000Z', folder: claim.folder, attempts: 1, teardown: 'clean' },
    ...outcome,
  })
}

describe('the badge of a repository', () => {
  it('says that nothing was judged, also while the first run continues', async () => {
    expect(await words(await badge('new'))).toBe('cc-ci not judged yet')
    const { id } = await bench.ask({ repository: 'coop-cloud/new', ...DEFAULT_BRANCH })
    expect(await words(await badge('new'))).toBe('cc-ci not judged yet')
    await bench.store.cancel(id, 'enough', bench.clock.now())
    expect(await words(await badge('new'))).toBe('cc-ci not judged yet')
  })

  it('shows the newest verdict of the default branch or the release, and no other', async () => {
    await ended('hello', DEFAULT_BRANCH, { level: 4, flaky: 'flaky: install not-converged at first' })
    const shown = await badge('hello')
    expect(shown.status).toBe(200)
    expect(shown.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8')
    const text = await shown.text()
    expect(text).toContain('>pass, level 4, flaky</text>')
    expect(text).toContain(
      'aria-label="coop-cloud/hello: pass, level 4 (functional), flaky: install not-converged at first, 2026-11-30"',
    )
    const red = { verdict: 'fail', level: 0 } as const
    const sweep = { id: '20261130-120000-aaaaaa', pull: null, baseRef: null }
    await ended('hello', { pull: PULL }, red)
    await ended('hello', { sweep: { ...sweep, pull: 1, baseRef: 'main' } }, red)
    await ended('hello', { ...DEFAULT_BRANCH, quick: true }, red)
    await ended('hello', { ref: { name: 'feature', isDefault: false } }, red)
    await ended('hello', {}, red)
    await ended('hello', DEFAULT_BRANCH, { state: 'error', verdict: null, level: null })
    expect(await words(await badge('hello'))).toBe('cc-ci pass, level 4, flaky')
    expect(await words(await badge('hello', { query: '?branch=feature' }))).toBe('cc-ci fail, level 0')
    expect(await words(await badge('hello', { query: '?branch=%3Cscript%3E' }))).toBe('cc-ci not judged yet')
    await ended('hello', { sweep }, { verdict: 'unverified', level: 1 })
    expect(await words(await badge('Hello'))).toBe('cc-ci unverified, level 1')
  })

  it('is not sent again to whoever has it', async () => {
    await ended('cached', DEFAULT_BRANCH, {})
    const first = await badge('cached')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    expect(first.headers.get('cache-control')).toBe('public, max-age=60')
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await badge('cached', { headers: { 'if-none-match': known } })
      expect([known, again.status, await again.text(), again.headers.get('etag')]).toEqual([known, 304, '', etag])
    }
    expect((await badge('cached', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
    await ended('cached', DEFAULT_BRANCH, { verdict: 'fail', level: 1 })
    const changed = await badge('cached', { headers: { 'if-none-match': etag } })
    expect([changed.status, changed.headers.get('etag') === etag]).toEqual([200, false])
  })

  it('may be shown by pages of other sites, and runs nothing', async () => {
    const { headers } = await badge('new')
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    expect(headers.get('set-cookie')).toBeNull()
  })

  it('is not found for what nobody enrolled', async () => {
    for (const path of ['nobody/there', 'coop-cloud/..%2f..%2fx', `nobody/${OPERATOR_TOKEN}`, '%3Cscript%3E/x']) {
      const answer = await bench.app.request(`/repositories/${path}/badge.svg`)
      expect([path, answer.status]).toEqual([path, 404])
      expect(await answer.text()).not.toMatch(/script|operator-token/)
    }
    expect(await words(await bench.app.request('/repositories/nobody/there/badge.svg'))).toBe('cc-ci not enrolled')
  })
})
