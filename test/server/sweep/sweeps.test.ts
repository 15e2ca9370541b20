import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { readMatrix, sweepFolder } from '../../../src/history/sweep/record.ts'
import { toolIdentity } from '../../../src/lib/version.ts'
import { ForgeError } from '../../../src/server/contract/errors.ts'
import type { ForgePull } from '../../../src/server/contract/forge.ts'
import type { RunRequest } from '../../../src/server/contract/request.ts'
import { addPages } from '../../../src/server/http/pages/routes.ts'
import { lastTime, parseSweepTimes, timesText } from '../../../src/server/settings/sweep-times.ts'
import { openStore } from '../../../src/server/storage/open.ts'
import { createSweeps, type SweepDeps } from '../../../src/server/sweep/sweeps.ts'
import { crash, keep, results } from '../../history/some-runs.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { FakeClock } from '../storage/bench.ts'
import { openScene, type Scene } from '../support/scene.ts'

const GIB = 1024 ** 3
const RELEASE = '1'.repeat(40)
const PULL = '2'.repeat(40)
const CSRF = 'a-token-of-this-session'

function pull(repository: string, number: number, sha = PULL): ForgePull {
  const head = { sha, ref: 'change', repository }
  const base = { sha: RELEASE, ref: 'main', mergeBase: RELEASE }
  return { repository, number, state: 'open', author: 'member', head, base }
}

/** What the forge shows; each test changes it. */
function forgeOf(shown: { repositories: string[]; pulls: ForgePull[]; gone?: boolean }): SweepDeps['forge'] {
  const answer = <T>(value: T): Promise<T> => {
    if (shown.gone) return Promise.reject(new ForgeError('forge-gone', 'the forge does not answer'))
    return Promise.resolve(value)
  }
  return {
    repositories: (organisation) => answer(shown.repositories.filter((name) => name.startsWith(`${organisation}/`))),
    tags: (repository) =>
      answer(
        repository.endsWith('/bare')
          ? [{ name: '1.0.0+1', commit: RELEASE, annotated: false }]
          : [
              { name: '1.9.0+1', commit: '9'.repeat(40), annotated: true },
              { name: '1.10.0+1', commit: RELEASE, annotated: true },
              { name: 'nightly', commit: PULL, annotated: true },
            ],
      ),
    openPulls: (repository) => answer(shown.pulls.filter((one) => one.repository === repository)),
    cloneSource: (repository) => ({ url: `https://git.example.org/${repository}.git`, authorization: null }),
  }
}

async function stage(more: Parameters<typeof openScene>[0] = {}) {
  const scene = await openScene(more)
  const shown: Parameters<typeof forgeOf>[0] = {
    repositories: ['coop/wiki', 'coop/bare'],
    pulls: [pull('coop/wiki', 4)],
  }
  const clock = new FakeClock()
  const enrol = (name: string, memoryBytes: number | null = null) =>
    scene.store.enroll({
      name,
      at: '2026-11-01T00:00:00.000Z',
      by: 'test',
      allow: [],
      memoryBytes,
      mirrorOf: null,
      webhook: null,
    })
  const open = (store = scene.store, own = scene.settings) => {
    // A round does what there is to do; these tests do not wait for news.
    const unhurried = { now: () => clock.now(), sleep: async () => {} }
    const at = { ...scene.parts, settings: own, store: { ...store, changed: async () => {} }, clock: unhurried }
    return createSweeps({ ...at, forge: forgeOf(shown), largestWorker: async () => 4 * GIB })
  }
  const sweeps = open()
  await enrol('coop', GIB)
  const round = (of = sweeps) => of.round(new AbortController().signal)
  return { scene, shown, clock, enrol, open, sweeps, round }
}

/** Leases a run as a worker does, leaves results in its folder, and ends it. */
async function work(
  { store, settings }: Scene,
  fails: readonly string[] = [],
  state: 'done' | 'error' = 'done',
): Promise<RunRequest | null> {
  const claim = await store.claim(
    { worker: 'one', memoryBytes: 64 * GIB, freeBytes: 64 * GIB, harness: '0' },
    Date.now(),
    30_000,
  )
  if (!claim) return null
  const { request, folder, lease } = claim
  const recipe = {
    ...HEADER.recipe,
    name: request.repository.split('/')[1] ?? '',
    commit: request.commit,
    dirty: false,
  }
  const red = fails.includes(request.commit)
  const header = { recipe, tool: await toolIdentity() }
  const made = results({ id: folder, header, ...(red ? { fails: { upgrade: crash } } : {}), startedAt: request.at })
  if (state === 'done') keep(settings.state, made)
  await store.finish(lease, {
    ...{ schema: 1, id: request.id, state, verdict: state === 'done' ? made.verdict : null, level: made.level },
    ...{
      cause: null,
      tier: null,
      message: 'it ended',
      finishedAt: new Date().toISOString(),
      folder,
      attempts: 1,
      teardown: 'clean',
    },
  })
  return request
}

async function workAll(scene: Scene, fails: readonly string[] = []): Promise<RunRequest[]> {
  const done: RunRequest[] = []
  for (let request = await work(scene, fails); request; request = await work(scene, fails)) done.push(request)
  return done
}

describe('a sweep of a server', () => {
  test('is planned from enrolments and forge, runs in the queue, and ends in a matrix', async () => {
    const { scene, sweeps, round } = await stage()
    const { id } = await sweeps.order({ by: 'operator', mode: 'all', only: null })
    expect(await sweeps.list(9)).toMatchObject([{ id, state: 'ordered', verdict: null }])
    await round()
    const seen = await sweeps.one(id)
    expect(seen?.cells.map(({ key, ref, state }) => [key, ref, state])).toEqual([
      ['coop/bare@release', null, 'needless'],
      ['coop/wiki@release', '1.10.0+1', 'waiting'],
      ['coop/wiki@#4', '#4', 'waiting'],
    ])
    const done = await workAll(scene, [PULL])
    expect(
      done.map(({ priority, repository, commit, pull: asked, memoryBytes, sweep }) => ({
        priority,
        repository,
        commit,
        asked,
        memoryBytes,
        sweep,
      })),
    ).toEqual([
      {
        priority: 'sweep',
        repository: 'coop/wiki',
        commit: RELEASE,
        asked: null,
        memoryBytes: GIB,
        sweep: { id, pull: null, baseRef: null },
      },
      {
        priority: 'sweep',
        repository: 'coop/wiki',
        commit: PULL,
        asked: null,
        memoryBytes: GIB,
        sweep: { id, pull: 4, baseRef: 'main' },
      },
    ])
    await round()
    const matrix = (await sweeps.one(id))?.matrix
    expect(matrix?.cells.map(({ key, status, reason }) => [key, status, reason?.code ?? null])).toEqual([
      ['coop/bare@release', 'not-run', 'no-release'],
      ['coop/wiki@release', 'pass', null],
      ['coop/wiki@#4', 'fail', null],
    ])
    expect(await sweeps.list(9)).toMatchObject([{ id, state: 'over', verdict: 'fail', done: 3 }])
    expect(readdirSync(sweepFolder(scene.settings.state, id).dir).sort()).toEqual(
      ['cells', 'matrix.json', 'matrix.md', 'order.json', 'report.html', 'sweep.json'].sort(),
    )
  })

  test('continues after a restart at any point, with nothing asked for twice; a run without a verdict was not judged', async () => {
    const { scene, open, round } = await stage()
    const { id } = await open().order({ by: 'operator', mode: 'all', only: null })
    await round(open())
    await round(open())
    expect((await scene.store.runs({ limit: 50 })).length).toBe(2)
    await work(scene)
    await round(open())
    await work(scene, [], 'error')
    expect(readMatrix(sweepFolder(scene.settings.state, id))).toBeNull()
    await round(open())
    const matrix = readMatrix(sweepFolder(scene.settings.state, id))
    expect(matrix?.counts).toMatchObject({ cells: 3, pass: 1, unverified: 1, notRun: 1 })
    expect(matrix?.cells[2]).toMatchObject({ status: 'unverified', trouble: 'error: it ended' })
    await round(open())
    expect(readMatrix(sweepFolder(scene.settings.state, id))).toEqual(matrix)
    expect((await scene.store.runs({ limit: 50 })).length).toBe(2)
  })

  test('two servers that share the folder make one plan and ask once', async () => {
    const { scene, open, sweeps, round } = await stage()
    const { id } = await sweeps.order({ by: 'operator', mode: 'all', only: null })
    await Promise.all([round(open()), round(open()), round(open())])
    expect((await scene.store.runs({ limit: 50 })).length).toBe(2)
    expect((await sweeps.one(id))?.cells).toHaveLength(3)
  })

  test('is not planned while the forge is away, and is when it is back', async () => {
    const { shown, sweeps, round } = await stage()
    const { id } = await sweeps.order({ by: 'operator', mode: 'all', only: null })
    shown.gone = true
    await expect(round()).rejects.toMatchObject({ code: 'forge-gone' })
    expect((await sweeps.one(id))?.plan).toBeNull()
    shown.gone = false
    await round()
    expect((await sweeps.one(id))?.plan?.cells).toHaveLength(3)
  })

  test('names what is not enrolled, and is an error where nothing could be swept', async () => {
    const { sweeps, round } = await stage()
    const { id } = await sweeps.order({ by: 'operator', mode: 'all', only: ['other/ghost'] })
    await round()
    expect((await sweeps.one(id))?.matrix?.cells).toMatchObject([
      { key: 'other/ghost@release', status: 'not-run', reason: { code: 'not-enrolled' } },
    ])
    expect(await sweeps.list(1)).toMatchObject([{ verdict: 'nothing' }])
  })

  test('leaves out what the list of the server excludes, and tells of a list that it cannot read', async () => {
    const { scene, shown, open, sweeps, round, clock } = await stage()
    const list = join(scene.settings.state, 'sweep.yml')
    shown.repositories = ['coop/wiki']
    shown.pulls = []
    const opened = () => open(scene.store, { ...scene.settings, sweepList: list })
    writeFileSync(list, 'exclude: [{ recipe: coop/wiki, reason: needs a mail server, expires: 2999-01-01 }]\n')
    const first = await opened().order({ by: 'operator', mode: 'all', only: null })
    await round(opened())
    expect((await sweeps.one(first.id))?.matrix?.cells[0]?.reason).toMatchObject({
      code: 'excluded',
      text: 'needs a mail server (until 2999-01-01)',
    })
    clock.time += 1000
    writeFileSync(list, 'exclude: 7\n')
    const second = await opened().order({ by: 'operator', mode: 'all', only: null })
    await round(opened())
    expect((await sweeps.one(second.id))?.plan).toMatchObject({
      notes: [{ severity: 'error', code: 'bad-sweep-list' }],
      cells: [{ reason: null }],
    })
  })

  test('what has changed only: leaves out what the sweep before has judged, with its run', async () => {
    const { scene, shown, sweeps, round, clock } = await stage()
    const { id: first } = await sweeps.order({ by: 'operator', mode: 'all', only: null })
    await round()
    await workAll(scene)
    await round()
    shown.pulls = [pull('coop/wiki', 4, '3'.repeat(40))]
    clock.time += 1000
    const { id } = await sweeps.order({ by: 'operator', mode: 'changed', only: null })
    await round()
    const { cells = [] } = (await sweeps.one(id))?.plan ?? {}
    expect(cells.map(({ key, reason }) => [key, reason?.code ?? 'run'])).toEqual([
      ['coop/bare@release', 'no-release'],
      ['coop/wiki@release', 'up-to-date'],
      ['coop/wiki@#4', 'run'],
    ])
    const known = (await sweeps.one(first))?.matrix?.cells[1]?.run
    expect([known, cells[1]?.reason?.run]).toEqual([expect.any(String), known])
  })
})

describe('the times of sweeps', () => {
  test('are read, and written as they were', () => {
    expect(parseSweepTimes('Sun 02:00')).toEqual({ days: [0], minuteOfDay: 120 })
    expect(parseSweepTimes('thu,MON 03:30')).toEqual({ days: [1, 4], minuteOfDay: 210 })
    for (const text of ['Sun 02:00', 'Mon,Thu 03:30', 'daily 23:59'])
      expect(timesText(parseSweepTimes(text))).toBe(text)
    for (const text of ['', 'Sun', '02:00', 'Sun 24:00', 'Sun 02:60', 'Sunday 02:00', 'Sun,  Mon 02:00', '0 2 * * 0'])
      expect(() => parseSweepTimes(text), text).toThrow(/no time of the week/)
  })

  test('the newest that is not after now', () => {
    const at = (iso: string) => new Date(lastTime(parseSweepTimes('Sun 02:00'), Date.parse(iso))).toISOString()
    // 2026-11-29 is a Sunday.
    expect(at('2026-11-29T02:00:00Z')).toBe('2026-11-29T02:00:00.000Z')
    expect(at('2026-11-29T01:59:59Z')).toBe('2026-11-22T02:00:00.000Z')
    expect(at('2026-11-28T23:00:00Z')).toBe('2026-11-22T02:00:00.000Z')
  })

  test('a sweep begins at its time, once, and not at the first start of a server', async () => {
    const at = { sweepAt: parseSweepTimes('daily 02:00') }
    const { clock, open, sweeps, round, scene } = await stage(at)
    await round()
    expect(await sweeps.list(9)).toEqual([])
    clock.time += 24 * 3_600_000
    await round()
    await round(open())
    const [row, ...more] = await sweeps.list(9)
    expect([row?.by, more]).toEqual(['schedule', []])
    await workAll(scene)
    await round()
    // A time that came while the server was down is made up for.
    clock.time += 24 * 3_600_000
    await round(open())
    expect((await sweeps.list(9)).map(({ by, state }) => [by, state])).toEqual([
      ['schedule', 'running'],
      ['schedule', 'over'],
    ])
  })
})

describe('the pages of sweeps', () => {
  async function pages(
    scene: Scene,
    sweeps: ReturnType<typeof createSweeps>,
    operator: string | null = null,
    store = scene.store,
  ) {
    const app = new Hono()
    const parts = {
      ...scene.parts,
      store,
      sweeps,
      operations: {} as never,
      retention: { seen: () => ({ disk: null, trouble: null }) },
    }
    addPages(app, parts, {
      viewer: () => ({ operator, csrf: CSRF }),
      sender: (_, form) => (form.csrf === CSRF ? operator : null),
    })
    return app
  }

  test('are the same when the database was deleted and made again from the folders', async () => {
    const { scene, shown, open, sweeps, round, clock } = await stage()
    const first = await sweeps.order({ by: 'operator', mode: 'all', only: null })
    await round()
    await workAll(scene)
    await round()
    shown.pulls = [pull('coop/wiki', 5, '3'.repeat(40))]
    clock.time += 60_000
    const second = await sweeps.order({ by: 'member', mode: 'all', only: null })
    await round()
    await work(scene)
    await round()
    const read = async (app: Hono) =>
      Promise.all(
        ['/sweeps', `/sweeps/${first.id}`, `/sweeps/${second.id}`].map(async (path) =>
          (await (await app.request(path)).text()).replace(/ nonce="[^"]*"/g, ''),
        ),
      )
    const before = await read(await pages(scene, sweeps))
    expect(before[1]).toContain('cc-ci')
    expect(before[2]).toContain('waiting')
    await scene.store.close()
    rmSync(join(scene.settings.state, 'server', 'database'), { recursive: true })
    const store = await openStore({ state: scene.settings.state, databaseUrl: null })
    try {
      expect(await read(await pages(scene, open(store), null, store))).toEqual(before)
    } finally {
      await store.close()
    }
  })

  test("the button is an operator's, and goes with the token of the page", async () => {
    const { scene, sweeps } = await stage()
    const send = async (app: Hono, body: string) =>
      app.request('/sweeps', { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    const reader = await pages(scene, sweeps)
    expect(await (await reader.request('/sweeps')).text()).not.toContain('<button>Begin')
    expect((await send(reader, `csrf=${CSRF}`)).status).toBe(403)
    const operator = await pages(scene, sweeps, 'operator')
    expect(await (await operator.request('/sweeps')).text()).toContain('<button>Begin')
    expect((await send(operator, 'mode=all')).status).toBe(403)
    const sent = await send(operator, `csrf=${CSRF}&mode=changed`)
    expect([sent.status, sent.headers.get('location')]).toEqual([303, expect.stringMatching(/^\/sweeps\/\d{8}-/)])
    expect(await sweeps.list(9)).toMatchObject([{ by: 'operator', mode: 'changed' }])
    expect((await send(operator, `csrf=${CSRF}`)).status).toBe(400)
    expect((await operator.request('/sweeps/nonsense')).status).toBe(404)
  })
})
