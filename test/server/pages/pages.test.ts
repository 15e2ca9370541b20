// cspell:ignore Cscript fresults
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { approve } from '../../../src/gate/approvals.ts'
import { pruneRuns } from '../../../src/history/retention/prune.ts'
import { upgradeFolder, writeTable } from '../../../src/history/upgrades/store.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import type { Forge } from '../../../src/server/contract/forge.ts'
import type { CodeOfCommit, Operations } from '../../../src/server/contract/services.ts'
import { FORGES } from '../../../src/server/forge/forges.ts'
import { giteaForge } from '../../../src/server/forge/gitea/forge.ts'
import { giteaPageUrls } from '../../../src/server/forge/gitea/page-urls.ts'
import { codePage } from '../../../src/server/http/pages/approvals.ts'
import { addPages } from '../../../src/server/http/pages/routes.ts'
import { createOperations } from '../../../src/server/operations.ts'
import { createPublisher } from '../../../src/server/publishing/publisher.ts'
import type { RunsDiskStatus } from '../../../src/server/retention.ts'
import { openStore } from '../../../src/server/storage/open.ts'
import { createSweeps } from '../../../src/server/sweep/sweeps.ts'
import { store as canonicalStore, KEY, keep, RUN } from '../../history/canonicals/material.ts'
import { generateRun } from '../../history/retention/generated.ts'
import { failedResults, HOSTILE, passedResults } from '../../report/sample-runs.ts'
import { UPGRADES } from '../../stories/kept-of-recipe.ts'
import { passingStream } from '../../verdict/passing-stream.ts'
import { enrolment } from '../storage/bench.ts'
import { endRun, openScene, requestFor, type Scene } from '../support/scene.ts'

const CSRF = 'a-token-of-this-session'

/** The pages of a server whose visitor is an operator, or a reader. */
function pagesOf(
  scene: Scene,
  operator: string | null,
  seen: RunsDiskStatus = { disk: null, trouble: null },
  // Nobody listens there: most of these pages never need the forge.
  forge: Forge = giteaForge({ baseUrl: 'http://127.0.0.1:9', token: scene.settings.forgeToken }),
): { app: Hono; operations: Operations } {
  const app = new Hono()
  const publisher = createPublisher({ ...scene.parts, forge })
  const operations = createOperations({ ...scene.parts, forge, publisher, largestWorker: async () => null })
  const sweeps = createSweeps({ ...scene.parts, forge, largestWorker: async () => null })
  addPages(
    app,
    { ...scene.parts, operations, sweeps, retention: { seen: () => seen } },
    {
      viewer: () => ({ operator, csrf: CSRF }),
      sender: (_, form) => (form.csrf === CSRF ? operator : null),
    },
  )
  return { app, operations }
}

const post = (app: Hono, path: string, form: Record<string, string>) =>
  app.request(path, { method: 'POST', body: new URLSearchParams(form) })

/** What the policy of the pages forbids. */
function expectClean(text: string): void {
  // In quotes nothing is a tag or an attribute: what would end them is escaped.
  const tags = (text.match(/<[a-z!/][^>]*>/gi) ?? []).map((tag) => tag.replace(/(\scontent)="[^"]*"/g, '$1=""'))
  expect(
    tags.filter((tag) =>
      /<script (?!nonce="[a-z0-9]{24}" src="\/client-)|\sstyle=|\son\w+=|javascript:|<h1 owned|<details owned/i.test(
        tag,
      ),
    ),
  ).toEqual([])
  expect(tags.length).toBeGreaterThan(20)
}

test('the overview shows what runs, waits and came out', async () => {
  const scene = await openScene()
  await scene.store.add(requestFor({ repository: 'coop/done', pull: null }))
  await endRun(scene, passedResults())
  await scene.store.add(requestFor({ repository: 'coop/busy' }))
  await scene.store.claim({ worker: 'one', memoryBytes: 9e9, freeBytes: 9e9, harness: '1' }, Date.now(), 30_000)
  const waiting = requestFor({ repository: 'coop/waits' })
  await scene.store.add(waiting)
  const { app } = pagesOf(scene, null)
  const text = await (await app.request('/')).text()
  for (const said of [
    'Running 1, waiting 1',
    'coop/busy',
    'coop/waits',
    '✓ pass',
    'href="/recipes/coop/done"',
    'http-equiv="refresh"',
  ])
    expect(text).toContain(said)
  expectClean(text)
  expect(text).not.toContain('method="post"')
})

test('a table of runs says who asked for each', async () => {
  const scene = await openScene()
  const sweep = { id: '20261130-040000-abcdef', pull: null, baseRef: null }
  const pull = { number: 1, headRef: 'change', baseRef: 'main', comment: 1 }
  await scene.store.add(requestFor({ repository: 'coop/commented', pull: { ...pull, author: 'anna' } }))
  await scene.store.add(requestFor({ repository: 'coop/hostile', pull: { ...pull, author: '<b>x' } }))
  await scene.store.add(requestFor({ repository: 'coop/by-hand', pull: null, priority: 'manual' }))
  await scene.store.add(requestFor({ repository: 'coop/swept', pull: null, priority: 'sweep', sweep }))
  const text = await (await pagesOf(scene, null).app.request('/runs')).text()
  const asked = [...text.matchAll(/>coop\/([a-z-]+)(?:#1)?<\/a><\/th><td>.*?<\/td><td><\/td><td>(.*?)<\/td>/g)]
  expect(Object.fromEntries(asked.map(([, name, by]) => [name, by]))).toEqual({
    commented: 'anna',
    hostile: '&lt;b&gt;x',
    'by-hand': 'operator',
    swept: `<a href="/sweeps/${sweep.id}">sweep</a>`,
  })
  expect(text).toContain('<th scope="col">asked by</th>')
  expectClean(text)
})

test('the overview shows what is next, however long the queue', async () => {
  const scene = await openScene()
  const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
  for (let at = 0; at < 60; at++) {
    await scene.store.add(requestFor({ repository: `coop/r${at}`, at: ago(100 - at), pull: null }))
  }
  const text = await (await pagesOf(scene, null).app.request('/')).text()
  const shown = [...text.matchAll(/>coop\/(r\d+)</g)].map(([, name]) => name)
  expect(shown).toEqual(Array.from({ length: 20 }, (_, at) => `r${at}`))
  expect(text).toContain('Running 0, waiting 60')
  expect(text).toContain('href="/queue">All 60 that wait')
})

test('the overview says what the run folders hold, what is wrong, and nothing that it does not know', async () => {
  const scene = await openScene({ pruneMaxBytes: 10 * 1024 ** 3 })
  const text = async (seen?: RunsDiskStatus) => (await pagesOf(scene, null, seen).app.request('/')).text()
  expect(await text()).toContain('was not looked at yet')
  const at = '2026-11-29T12:00:00.000Z'
  const well = await text({ disk: { runs: 1, bytes: 3 * 1024 ** 3, at }, trouble: null })
  expect(well).toMatch(/3 GiB of 10 GiB in the folders of 1 run, <time[^>]*>2026-11-29 12:00<\/time> UTC/)
  expect(well).not.toContain('⚠')
  const over = await text({ disk: { runs: 2, bytes: 11 * 1024 ** 3, at }, trouble: 'no <way>' })
  expect(over).toContain('more than the limit')
  expect(over).toContain('Run folders: no &lt;way&gt;')
  expectClean(over)
})

test('a run that was pruned says so, offers no report, and is the same after the index was made again', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  const { folder } = await endRun(scene, passedResults())
  const { state } = scene.settings
  const results = passedResults()
  generateRun(state, { id: folder })
  writeFileSync(runFolder(state, folder).results, JSON.stringify({ ...results, run: { ...results.run, id: folder } }))
  const page = async (store = scene.store) => {
    const { app } = pagesOf({ ...scene, store, parts: { ...scene.parts, store } }, null)
    return (await (await app.request(`/runs/${request.id}`)).text()).replace(/ nonce="[^"]*"/g, '')
  }
  expect(await page()).toContain('Report as one file')
  await pruneRuns({ state, policy: { olderThanMs: 0, maxBytes: null }, clock: { now: () => Date.now() + 1000 } })
  const pruned = await page()
  expect(pruned).toMatch(/To save disk: pruned on \d{4}-\d\d-\d\d: logs, pictures, report, traces, checkouts\./)
  expect(pruned).toContain('<strong>✓ pass</strong><span>level 6 (resilience)</span>')
  for (const gone of ['Report as one file', 'app.1.log', '<img']) expect(pruned).not.toContain(gone)
  await scene.store.rebuild()
  expect(await page()).toBe(pruned)
  const again = mkdtempSync(join(tmpdir(), 'cc-ci-again-'))
  cpSync(join(state, 'runs'), join(again, 'runs'), { recursive: true })
  await using store = Object.assign(await openStore({ state: again, databaseUrl: null }), {
    async [Symbol.asyncDispose]() {
      await store.close()
      rmSync(again, { recursive: true })
    },
  })
  // The worker of an attempt stands in claimed.json, the harness too: all of the page comes from the folder.
  expect(await page(store)).toBe(pruned)
})

test('the page of a run names its verdict and card to sites that preview links', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  const named = async () => {
    const text = await (await pagesOf(scene, null).app.request(`/runs/${request.id}`)).text()
    const head = text.split('</head>')[0] ?? ''
    return Object.fromEntries(
      [...head.matchAll(/<meta (?:property|name)="([^"]+)" content="([^"]*)"/g)].map(([, key, value]) => [key, value]),
    )
  }
  expect(await named()).toMatchObject({ 'og:title': 'coop/hello#1: queued' })
  const { folder } = await endRun(scene, failedResults(), { message: '"><script>alert(1)</script> \u202egnp' })
  const url = `https://ci.example.org/runs/${request.id}`
  const red = await named()
  expect(red).toMatchObject({ 'og:url': url, 'og:title': 'coop/hello#1: ✗ fail, level 1 (install)' })
  expect(red['og:description']).toBe('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; gnp')
  expect(red).not.toHaveProperty('og:image')
  const { artifacts } = runFolder(scene.settings.state, folder)
  mkdirSync(artifacts, { recursive: true })
  writeFileSync(join(artifacts, 'card.png'), 'a picture')
  expect(await named()).toMatchObject({
    ...{ 'og:image': `${url}/files/artifacts/card.png`, 'og:image:width': '1200', 'og:image:height': '630' },
    ...{ 'og:image:alt': 'coop/hello#1: ✗ fail, level 1 (install)', 'twitter:card': 'summary_large_image' },
  })
})

test('a run shows its tiers, cause, lines and files, as text', async () => {
  const scene = await openScene()
  for (const say of HOSTILE) {
    const request = requestFor({
      pull: { number: 1, headRef: say.slice(0, 200), baseRef: 'main', comment: 1, author: say.slice(0, 200) },
    })
    await scene.store.add(request)
    const { folder } = await endRun(scene, failedResults(say), { message: say.slice(0, 400) })
    const dir = runFolder(scene.settings.state, folder)
    mkdirSync(dir.logs, { recursive: true })
    writeFileSync(`${dir.logs}/app.1.log`, 'x\n')
    const { app } = pagesOf(scene, 'operator')
    const answer = await app.request(`/runs/${request.id}`)
    const text = await answer.text()
    expect(answer.status).toBe(200)
    expectClean(text)
    expect(text.match(/<img/g) ?? []).toHaveLength(0)
    expect(text).toContain('crash-loop')
    expect(text).toContain(`/runs/${request.id}/log/app.1.log`)
    expect(text).toContain('Run again')
  }
})

test('an active run says what is over, what runs and what is to come, and blames nobody', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  const free = { worker: 'one', memoryBytes: 9e9, freeBytes: 9e9, harness: '1' }
  const claim = await scene.store.claim(free, Date.now(), 30_000)
  const folder = runFolder(scene.settings.state, claim?.folder ?? '')
  mkdirSync(folder.dir, { recursive: true })
  const events = passingStream()
  const begun = events.findIndex((event) => event.type === 'tier.started' && event.tier === 'backup')
  writeFileSync(
    folder.events,
    `${events
      .slice(0, begun + 1)
      .map((event) => JSON.stringify(event))
      .join('\n')}\n`,
  )
  const text = await (await pagesOf(scene, null).app.request(`/runs/${request.id}`)).text()
  const steps = [...text.matchAll(/<li class="s-(\w+)">.*?<b>(.*?)<\/b><small>(.*?)<\/small>/g)].map(
    ([, look, name = '', words]) => `${look} ${name.replace(/<[^>]*>/g, '')}: ${words}`,
  )
  expect(steps.slice(0, 5)).toEqual([
    expect.stringMatching(/^pass ✓ lint: [\d.]+ s$/),
    expect.stringMatching(/^pass ✓ install: [\d.]+ s$/),
    expect.stringMatching(/^pass ✓ upgrade: [\d.]+ s$/),
    'running ▶ backup: running',
    'skip · restore: to come',
  ])
  expect(text).toContain(`data-live="/runs/${request.id}/live?after=${begun + 1}"`)
  expect(text).not.toContain('harness-error')
  expectClean(text)
})

test('the address of a later attempt leads to the page of its run', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  const later = requestFor({ attemptOf: request.id })
  const { dir } = runFolder(scene.settings.state, later.id)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'request.json'), JSON.stringify(later))
  const { app } = pagesOf(scene, null)
  const answer = await app.request(`/runs/${later.id}`)
  expect([answer.status, answer.headers.get('location')]).toEqual([302, `/runs/${request.id}`])
  for (const id of ['20261101-101500-aaaaaa', 'no-run']) expect((await app.request(`/runs/${id}`)).status).toBe(404)
})

test('a run that passed says so once, and leads to its pull request', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  await endRun(scene, passedResults(), { message: 'level 6 (resilience)' })
  const text = await (await pagesOf(scene, null).app.request(`/runs/${request.id}`)).text()
  expect(text.split('</head>')[1]?.split('level 6 (resilience)')).toHaveLength(2)
  expect(text).not.toContain('class="lead')
  expect(text).toContain(`href="${scene.settings.forgeUrl}/coop/hello/pulls/1"`)
})

test('the queue says what each run waits for, and lets operators end it', async () => {
  const scene = await openScene()
  const { store } = scene
  const busy = requestFor({ repository: 'coop/busy' })
  await store.add(busy)
  const free = { worker: 'one', memoryBytes: 8 * 1024 ** 3, freeBytes: 8 * 1024 ** 3, harness: '1' }
  await store.claim(free, Date.now(), 30_000)
  const text = async (operator: string | null) => (await pagesOf(scene, operator).app.request('/queue')).text()
  await store.add(requestFor({ repository: 'coop/large', memoryBytes: 64 * 1024 ** 3 }))
  expect(await text(null)).toContain('a worker: none is here that takes runs')
  await store.seenWorker({ ...free, freeBytes: 512 * 1024 ** 2 }, Date.now())
  await store.add(requestFor({ repository: 'coop/next' }))
  const shown = await text('operator')
  expect(shown).toContain('a worker with 64 GiB for it: none has so much')
  expect(shown).toContain('memory: 1 GiB are needed, 512 MiB are free')
  expect(shown.match(/<button>Cancel/g)).toHaveLength(3)
  expectClean(shown)
  expect(await text(null)).not.toContain('<button>')
})

test('a recipe has its runs, its charts and what may be done with it on one page', async () => {
  const scene = await openScene()
  await scene.store.enroll(enrolment('coop/hello'))
  const path = '/recipes/coop/hello'
  expect(await (await pagesOf(scene, null).app.request(path)).text()).toContain('Not yet judged')
  for (const made of [passedResults(), failedResults()]) {
    const request = requestFor({ pull: null })
    await scene.store.add(request)
    await endRun(scene, { ...made, run: { ...made.run, id: request.id } })
  }
  const { app } = pagesOf(scene, 'operator')
  const text = await (await app.request('/recipes/COOP/hello')).text()
  for (const said of ['coop/hello', '✗ fail, level 1', 'Duration of its runs', '6 → <strong>1</strong>', 'Test it now'])
    expect(text).toContain(said)
  expectClean(text)
  expect((await post(app, `${path}/test`, { ref: 'main' })).status).toBe(403)
  for (const none of ['/recipes/coop/none', '/recipes/%3Cb%3E/x', '/recipes/coop/..'])
    expect((await app.request(none)).status).toBe(404)
})

test('a recipe shows what is kept of it, its upgrades with their runs, and nothing of another recipe', async () => {
  const scene = await openScene()
  const { state } = scene.settings
  const request = requestFor({ pull: null })
  await scene.store.add(request)
  const made = passedResults()
  const origin = 'http://127.0.0.1:9/coop/hello.git'
  await endRun(scene, { ...made, run: { ...made.run, id: request.id }, recipe: { ...made.recipe, origin } })
  const { app } = pagesOf(scene, null)
  const text = async (path: string) => (await app.request(path)).text()
  expect(await text('/recipes/coop/hello')).toContain('None on this machine')
  expect(await text('/recipes/coop/hello/upgrades')).toContain('Nothing yet')
  const [newest, ...older] = UPGRADES.map((table) => ({
    ...table,
    recipe: { ...table.recipe, origin: origin.replace('.git', '/') },
    rows: table.rows.map((row, at) => ({ ...row, run: at === 0 ? request.id : row.run })),
  }))
  if (!newest) throw new Error('no table')
  for (const table of [newest, ...older]) writeTable(upgradeFolder(state, table.id), table)
  const foreign = { ...newest, id: '20261130-120000-abc234', recipe: { ...newest.recipe, origin: '/elsewhere' } }
  writeTable(upgradeFolder(state, foreign.id), foreign)
  await keep(canonicalStore(state), undefined, { key: { ...KEY, origin } })
  await keep(canonicalStore(state), undefined, { key: { ...KEY, version: '9.9.9+9', origin: '/elsewhere' } })
  const shown = await text('/recipes/coop/hello')
  for (const said of [
    '1.0.0+1.2',
    RUN,
    '1 volume, 1 file',
    `<a href="/runs/${request.id}">${request.id}</a>`,
    'all 3 tables',
  ])
    expect(shown).toContain(said)
  expect(shown).not.toContain('9.9.9+9')
  expect(shown).not.toContain(`href="/runs/${RUN}"`)
  expectClean(shown)
  const table = await text('/recipes/coop/hello/upgrades')
  for (const said of [
    'Why these releases',
    'All tables of this recipe',
    'compose-invalid',
    `/upgrades/${older[0]?.id}"`,
  ])
    expect(table).toContain(said)
  expectClean(table)
  expect(await text(`/recipes/coop/hello/upgrades/${older[0]?.id}`)).toContain('not at its end')
  for (const none of [`hello/upgrades/${foreign.id}`, 'none/upgrades', 'hello/upgrades/x'])
    expect((await app.request(`/recipes/coop/${none}`)).status).toBe(404)
})

test('code that nobody approved waits on the pages of its recipe and of operators, until it is approved', async () => {
  const scene = await openScene()
  const made = passedResults()
  const ended = async (commit: string, refused: readonly string[]) => {
    const request = requestFor({ commit })
    await scene.store.add(request)
    const customization = { ...made.customization, refused: [...refused] }
    await endRun(scene, { ...made, run: { ...made.run, id: request.id }, customization })
    return request
  }
  await ended('c'.repeat(40), ['old.spec.ts'])
  const { id, repository, commit } = await ended('d'.repeat(40), ['tests/a <b>.spec.ts'])
  await scene.store.enroll(enrolment(repository))
  const pages = async (operator: string | null) => {
    const { app } = pagesOf(scene, operator)
    const text = async (path: string) => (await app.request(path)).text()
    return [await text('/recipes/coop/hello'), await text('/approvals'), await text('/'), await text('/repositories')]
  }
  const [recipe = '', approvals = '', overview, repositories] = await pages('operator')
  for (const page of [recipe, approvals]) {
    expect(page).toContain('tests/a &lt;b&gt;.spec.ts')
    expect(page).toContain(`href="/runs/${id}/code"`)
    expect(page).not.toContain('old.spec.ts')
    expectClean(page)
  }
  expect(overview).toContain('Code of one commit waits')
  expect(repositories).toContain('! 1 waits')
  const [seen, , front] = await pages(null)
  expect(seen).toContain('tests/a &lt;b&gt;.spec.ts')
  expect(seen).not.toContain('/code"')
  expect(front).not.toContain('an approval')
  const url = `http://127.0.0.1:9/${repository}.git`
  approve(scene.settings.state, { repository: url, commit, branch: null, tree: null, at: new Date().toISOString() })
  const [after, list, calm, done] = await pages('operator')
  expect(after).not.toContain('waits for an approval')
  expect(list).toContain('No code waits')
  expect(calm).not.toContain('an approval')
  expect(done).not.toContain('1 waits')
})

test('a log is shown in pages, searched, and never as markup', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  const { folder } = await endRun(scene, passedResults())
  const { logs } = runFolder(scene.settings.state, folder)
  mkdirSync(logs, { recursive: true })
  const lines = Array.from({ length: 2_500 }, (_, index) => `line ${index + 1} <b>`)
  lines[1_234] = `needle \u001b[31mred\u001b[0m ${'x'.repeat(10 * 1024 ** 2)}`
  writeFileSync(`${logs}/app.1.log`, `${lines.join('\n')}\nhalf \xff a line`, 'latin1')
  const { app } = pagesOf(scene, null)
  const shown = async (query: string) => (await app.request(`/runs/${request.id}/log/app.1.log${query}`)).text()
  const first = await shown('')
  expect(first.match(/<li id="log-L/g)).toHaveLength(1_000)
  expect(first).toContain('lines 1 to 1000')
  expect(first).toContain('line 1 &lt;b&gt;')
  const second = await shown('?from=1001')
  expect(second).toContain('<span class="a31">red</span>')
  expect(second.length).toBeLessThan(400_000)
  const found = await shown('?q=NEEDLE')
  expect(found).toContain('1 line with')
  expect(found).toContain('?from=1001#log-L1235')
  expect(await shown('?q=%3Cscript%3E')).toContain('No line holds “&lt;script&gt;”')
  expect(await shown('?from=9999999')).toContain('It ends before that line')
  expect(await shown('?from=2001')).toContain('half')
  for (const none of ['none.log', '..%2fresults.json', '%2e%2e/results.json'])
    expect((await app.request(`/runs/${request.id}/log/${none}`)).status).toBe(404)
})

test('a worker is here, away, or takes nothing and says why', async () => {
  const scene = await openScene()
  const free = { memoryBytes: 9e9, freeBytes: 9e9, harness: '1' }
  const disks = { runs: { freeBytes: 3 * 1024 ** 3, sizeBytes: 8 * 1024 ** 3 }, images: null }
  await scene.store.seenWorker({ worker: 'here', ...free, disks }, Date.now())
  await scene.store.seenWorker({ worker: 'gone', ...free }, Date.now() - 3_600_000)
  await scene.store.seenWorker({ worker: 'full', ...free, freeBytes: 0, unavailableReason: 'no <disk>' }, Date.now())
  const { app } = pagesOf(scene, null)
  const text = await (await app.request('/workers')).text()
  for (const said of ['✓ here', '– away', '! not accepting work', 'no &lt;disk&gt;']) expect(text).toContain(said)
  expect(text).toContain('3 GiB of 8 GiB</span> <span class="dim">runs</span>')
  expect(text).toContain('images: <span class="dim">not known</span>')
  expect(text.match(/<td><span class="dim">not known<\/span><\/td>/g)).toHaveLength(2)
  expect(await (await app.request('/')).text()).toContain('full: no &lt;disk&gt;')
})

test('results that are damaged are said to be', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.add(request)
  const { folder } = await endRun(scene, null, { verdict: 'pass', level: 5 })
  mkdirSync(runFolder(scene.settings.state, folder).dir, { recursive: true })
  writeFileSync(runFolder(scene.settings.state, folder).results, '{"schema": 1')
  const { app } = pagesOf(scene, null)
  expect(await (await app.request(`/runs/${request.id}`)).text()).toContain('The results cannot be shown')
  expect((await app.request('/runs/20260101-000000-aaaaaa')).status).toBe(404)
})

test('runs are filtered and paged', async () => {
  const scene = await openScene()
  for (let at = 0; at < 60; at++) await scene.store.add(requestFor({ repository: `coop/r${at % 2}`, pull: null }))
  const { app } = pagesOf(scene, null)
  const first = await (await app.request('/runs?state=queued')).text()
  expect(first.match(/<tr><th scope="row"/g)).toHaveLength(50)
  const next = /href="\/runs\?([^"]+)"/.exec(first)?.[1]?.replaceAll('&amp;', '&')
  const second = await (await app.request(`/runs?${next}`)).text()
  expect(second.match(/<tr><th scope="row"/g)).toHaveLength(10)
  const one = await (await app.request('/runs?repository=coop/r1')).text()
  expect(one).not.toContain('coop/r0')
})

test('forms are for operators, with the token of the session', async () => {
  const scene = await openScene()
  const request = requestFor()
  await scene.store.enroll(enrolment(request.repository))
  await scene.store.add(request)
  const reader = pagesOf(scene, null).app
  const operator = pagesOf(scene, 'operator').app
  const path = `/runs/${request.id}/cancel`
  expect((await post(reader, path, { csrf: CSRF })).status).toBe(403)
  expect((await post(operator, path, {})).status).toBe(403)
  expect((await post(operator, path, { csrf: 'other' })).status).toBe(403)
  expect((await scene.store.run(request.id))?.state).toBe('queued')
  const done = await post(operator, path, { csrf: CSRF })
  expect([done.status, done.headers.get('location')]).toEqual([303, `/runs/${request.id}`])
  expect((await scene.store.run(request.id))?.state).toBe('cancelled')
  const again = await post(operator, `/runs/${request.id}/rerun`, { csrf: CSRF })
  expect(again.headers.get('location')).toMatch(/^\/runs\/\d{8}-/)
  expect((await post(operator, '/runs/20260101-000000-aaaaaa/cancel', { csrf: CSRF })).status).toBe(400)
  const bad = await post(operator, '/repositories', { csrf: CSRF, name: '<b>' })
  expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining('&lt;b&gt;')])
})

test('operators see what the forge has of each webhook, and a forge that does not answer holds nothing up', async () => {
  const scene = await openScene()
  await scene.store.enroll({ ...enrolment('coop/hello'), webhook: 7 })
  const url = `${scene.settings.publicUrl}/hooks/gitea`
  const all = FORGES.gitea.webhookEvents
  let hooks: { id: number; config: { url: string }; active: boolean; events: string[] }[] | null = []
  const forge = giteaForge({
    ...{ baseUrl: 'https://git.example.org', token: scene.settings.forgeToken },
    fetch: (url) => {
      if (hooks === null) return new Promise(() => {})
      const first = new URL(String(url)).searchParams.get('page') === '1'
      return Promise.resolve(Response.json(first ? hooks : []))
    },
  })
  const shown = async (operator: string | null = 'operator') => {
    const { app } = pagesOf(scene, operator, undefined, forge)
    const text = await (await app.request('/repositories')).text()
    expectClean(text)
    return text
  }
  expect(await shown()).toContain('✗ webhook is gone')
  hooks = [{ id: 7, config: { url }, active: true, events: [...all] }]
  expect(await shown()).toContain('✓ webhook is active')
  hooks = [{ id: 7, config: { url }, active: false, events: [...all] }]
  expect(await shown()).toContain('! webhook is switched off')
  hooks = [{ id: 7, config: { url }, active: true, events: ['push'] }]
  expect(await shown()).toContain(`at the forge: ${all.join(', ')}.`)
  hooks = null
  const begun = performance.now()
  expect(await shown()).toContain('the forge has not answered in time')
  expect(performance.now() - begun).toBeLessThan(20_000)
  expect(await shown(null)).toContain('webhook, polling')
})

test('operators see which code may run, and take it back; readers do not', async () => {
  const scene = await openScene()
  const [one, two] = ['a'.repeat(40), 'b'.repeat(40)]
  const at = '2026-11-30T00:00:00.000Z'
  const url = (repository: string) => `http://127.0.0.1:9/${repository}.git`
  const given = (repository: string, commit: string, tree: string | null) =>
    approve(scene.settings.state, { repository: url(repository), commit, branch: null, tree, at })
  given('coop/hello', one, 'c'.repeat(40))
  given('coop/other', two, null)
  approve(scene.settings.state, { repository: '/a/path', commit: one, branch: null, tree: null, at })
  expect((await pagesOf(scene, null).app.request('/approvals')).status).toBe(403)
  const { app } = pagesOf(scene, 'operator')
  const shown = async () => (await app.request('/approvals')).text()
  const text = await shown()
  expectClean(text)
  expect(text).toMatch(/coop\/hello.*every commit with the same cc-ci\//)
  expect(text).toMatch(/coop\/other.*that commit alone/)
  expect(text).not.toContain('/a/path')
  const form = { csrf: CSRF, repository: 'coop/hello', commit: one }
  expect((await post(app, '/approvals/revoke', { ...form, csrf: 'other' })).status).toBe(403)
  expect((await post(app, '/approvals/revoke', form)).status).toBe(303)
  expect(await shown()).not.toContain('coop/hello')
  expect((await post(app, '/approvals/revoke', { csrf: CSRF, repository: '../x', commit: 'y' })).status).toBe(400)
})

test('the code of a commit is shown beside what was approved last', () => {
  const code = {
    approved: false,
    against: { repository: 'coop/hello', commit: 'a'.repeat(40), tree: 'c'.repeat(40), at: '2026-11-30T00:00:00.000Z' },
    files: [
      { path: 'cc-ci.yml', change: 'same', patch: null },
      { path: 'tests/a <b>.spec.ts', change: 'changed', patch: ['@@ -1 +1 @@', '-one', '+<b>two'] },
      { path: 'gone.ts', change: 'removed', patch: null },
    ],
  } as const
  const page = (of: CodeOfCommit) =>
    codePage({
      viewer: { operator: 'operator', csrf: CSRF },
      ...{
        run: '20261130-000000-aaaaaa',
        repository: 'coop/hello',
        commit: 'b'.repeat(40),
        forgePages: giteaPageUrls('https://git.example.org'),
      },
      code: of,
    })('a-nonce').text
  const text = page(code)
  expect(text).toContain('1 file is the same')
  expect(text).toContain(`/src/commit/${'b'.repeat(40)}/cc-ci/tests/a%20%3Cb%3E.spec.ts`)
  expect(text).toContain(`/src/commit/${'a'.repeat(40)}/cc-ci/gone.ts`)
  expect(text).toContain(`/compare/${'a'.repeat(40)}...${'b'.repeat(40)}`)
  expect(text).toContain('<span class="add">+&lt;b&gt;two\n</span>')
  expect(text).toContain('read it at the forge')
  expect(text).toContain('Approve this code and run again')
  expect(text).not.toContain('<b>')
  expect(page({ ...code, approved: true })).toContain('This code is approved.')
  expect(page({ approved: false, against: null, files: [] })).toContain('There is no code.')
})
