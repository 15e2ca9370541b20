import { summaryOf } from '../../src/history/run-summary.ts'
import type { UpgradeTable } from '../../src/history/upgrades/table.ts'
import { htmlReport } from '../../src/report/html/report.ts'
import { sinceMarkup } from '../../src/report/html/since.ts'
import type { RunOutcome } from '../../src/server/contract/request.ts'
import type { WebhookState } from '../../src/server/contract/services.ts'
import type { RunRow, WorkerRow } from '../../src/server/contract/store.ts'
import { giteaPageUrls } from '../../src/server/forge/gitea/page-urls.ts'
import { approvalsPage, codePage } from '../../src/server/http/pages/approvals.ts'
import { causePage } from '../../src/server/http/pages/cause.ts'
import { type Page, plainPage } from '../../src/server/http/pages/layout.ts'
import { logPage } from '../../src/server/http/pages/log.ts'
import { loginPage } from '../../src/server/http/pages/login.ts'
import { type OverviewData, overviewPage } from '../../src/server/http/pages/overview.ts'
import { queuePage } from '../../src/server/http/pages/queue.ts'
import { type RecipePageData, recipePage } from '../../src/server/http/pages/recipe.ts'
import { repositoriesPage } from '../../src/server/http/pages/repositories.ts'
import { type RunPageData, runPage } from '../../src/server/http/pages/run.ts'
import { runsPage } from '../../src/server/http/pages/runs.ts'
import { sweepPage, sweepsPage } from '../../src/server/http/pages/sweeps.ts'
import { upgradesPage } from '../../src/server/http/pages/upgrades.ts'
import { workersPage } from '../../src/server/http/pages/workers.ts'
import { glancesOf } from '../../src/server/memory/overview.ts'
import { decisiveTier } from '../../src/verdict/decisive.ts'
import type { RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { progressOf } from '../../src/verdict/progress.ts'
import type { Results } from '../../src/verdict/results.ts'
import { failedRun, HOSTILE } from '../report/sample-runs.ts'
import { passingStream } from '../verdict/passing-stream.ts'
import { ends, twice } from '../verdict/two-attempts.ts'
import { CANONICALS, UPGRADES, WAITING } from './kept-of-recipe.ts'
import { pictureUri, recordedRun, recordedRuns } from './recorded.ts'

/** The moment at which all stories are told. */
const NOW = Date.parse('2026-12-01T12:00:00Z')
const READER = { operator: null, csrf: '' }
const OPERATOR = { operator: 'ann', csrf: 'a-token' }
const FORGE = giteaPageUrls('https://git.example.org')

/** A page with fixed data, to be looked at without a server. Of a report the whole text, of a page of the server what makes it. */
export type Story = { readonly page: Page } | { readonly report: string }

/** Every page in every state that it can be in, by name. Made when it is asked for: some are large. */
export const STORIES: Readonly<Record<string, () => Story>> = {
  'overview-first-visit': () => ({ page: overview([], { glances: [] }) }),
  'overview-first-visit-operator': () => ({ page: overview([], { glances: [], viewer: OPERATOR }) }),
  overview: () => ({ page: overview(someRows(24)) }),
  'overview-busy': () => ({ page: overview(someRows(24), busy()) }),
  'overview-200-recipes': () => ({ page: overview(someRows(200)) }),
  'overview-nothing-fits': () => ({
    page: overview(someRows(24), { filter: { q: 'zzz', show: 'all', sort: 'name' } }),
  }),
  'overview-trouble': () => ({
    page: overview(someRows(3), {
      viewer: OPERATOR,
      waitingCode: 2,
      workers: [{ ...WORKER, unavailableReason: 'less than 5 GiB are free on /var/lib/docker' }],
      runsDisk: { disk: { runs: 9000, bytes: 11e9, at: iso(60_000) }, trouble: null, maxBytes: 10e9 },
    }),
  }),
  ...Object.fromEntries(
    recordedRuns().flatMap(({ name }) => [
      [`run-${name}`, () => ({ page: runOfRecorded(name) })],
      [`report-${name}`, () => ({ report: reportOf(name) })],
    ]),
  ),
  'run-queued': () => ({
    page: run({ row: row({ state: 'queued', outcome: null, startedAt: null }), place: { ahead: 3, etaMs: 240_000 } }),
  }),
  'run-just-begun': () => ({ page: run({ row: active() }) }),
  'run-running': () => ({ page: running(passingStream(), 'backup') }),
  'run-running-red': () => ({ page: running(failedRun(), 'functional') }),
  'run-running-operator': () => ({ page: running(passingStream(), 'backup', OPERATOR) }),
  'run-pass': () => ({ page: runOf(fold(passingStream())) }),
  'run-fail': () => ({ page: runOf(fold(failedRun())) }),
  'run-fail-since': () => ({ page: runOf(fold(failedRun()), { since: since(fold(failedRun())) }) }),
  'run-code-not-approved': () => ({
    page: runOf({
      ...fold(passingStream()),
      customization: {
        ...fold(passingStream()).customization,
        refused: ['tests/custom/login.spec.ts', 'hooks.ts: POST_INSTALL'],
      },
    }),
  }),
  'run-error': () => ({
    page: run({
      row: row({
        state: 'error',
        outcome: outcome({ state: 'error', verdict: null, level: null, message: 'three workers were lost' }),
      }),
    }),
  }),
  'run-damaged': () => ({ page: run({ problem: 'The results cannot be shown: line 1 is no JSON' }) }),
  'run-two-attempts': () => ({ page: runOf(onFullRecord(fold(twoAttempts()))) }),
  'report-two-attempts': () => ({ report: htmlReport(onFullRecord(fold(twoAttempts()))) }),
  'run-pruned': () => ({
    page: runOf(fold(passingStream()), { pruned: 'pruned on 2026-11-30: logs, pictures, report' }),
  }),
  ...Object.fromEntries(
    HOSTILE.map((say, index) => [`run-hostile-${index + 1}`, () => ({ page: runOf(fold(failedRun(say)), {}, say) })]),
  ),
  'report-test-failed': () => ({ report: htmlReport(fold(testFailedRun()), { events: testFailedRun() }) }),
  'report-hostile': () => ({
    report: htmlReport(fold(failedRun(HOSTILE.join('\n'))), { events: failedRun(HOSTILE.join('\n')) }),
  }),
  recipe: () => ({ page: recipe(48) }),
  'recipe-operator': () => ({ page: recipe(48, OPERATOR) }),
  'recipe-all-that-is-kept': () => ({ page: recipe(48, READER, ALL_KEPT) }),
  'recipe-all-that-is-kept-operator': () => ({ page: recipe(48, OPERATOR, ALL_KEPT) }),
  upgrades: () => ({ page: upgrades(UPGRADES[0] ?? null) }),
  'upgrades-under-way': () => ({ page: upgrades(UPGRADES[1] ?? null) }),
  'upgrades-none': () => ({ page: upgrades(null) }),
  'recipe-not-yet-judged': () => ({ page: recipe(0) }),
  log: () => ({ page: log(LOG) }),
  'log-empty': () => ({ page: log([]) }),
  'log-search': () => ({
    page: logPage({ ...LOG_OF, search: 'error', shown: { matches: [{ line: 4, text: LOG[3] ?? '' }], more: false } }),
  }),
  'log-search-nothing': () => ({ page: logPage({ ...LOG_OF, search: 'xyz', shown: { matches: [], more: false } }) }),
  cause: () => ({ page: causePage(READER, 'crash-loop') }),
  queue: () => ({
    page: queuePage({
      viewer: OPERATOR,
      now: NOW,
      running: [active()],
      queued: busy().queued ?? [],
      queueLength: 31,
      workers: [WORKER],
    }),
  }),
  'queue-empty': () => ({
    page: queuePage({ viewer: READER, now: NOW, running: [], queued: [], queueLength: 0, workers: [] }),
  }),
  runs: () => ({ page: runs(someRows(12)) }),
  'runs-none': () => ({ page: runs([]) }),
  repositories: () => ({ page: repositories(OPERATOR) }),
  'repositories-reader': () => ({ page: repositories(READER) }),
  workers: () => ({
    page: workersPage(
      OPERATOR,
      [
        WORKER,
        { ...WORKER, name: 'one-disk', disks: { runs: ONE_DISK, images: ONE_DISK } },
        { ...WORKER, name: 'engine-elsewhere', disks: { runs: ONE_DISK, images: null } },
        { ...WORKER, name: 'earlier-version', disks: null },
        {
          ...WORKER,
          name: 'full',
          freeBytes: 0,
          unavailableReason: '1 GiB of disk are free, 2 GiB are needed: no run is begun',
        },
        { ...WORKER, name: 'two', seenAt: iso(7_200_000) },
        { ...WORKER, name: 'three', seenAt: null, memoryBytes: null, harness: null, disks: null },
      ],
      NOW,
    ),
  }),
  'workers-none': () => ({ page: workersPage(READER, [], NOW) }),
  'sweeps-none': () => ({ page: sweepsPage({ viewer: OPERATOR, rows: [], schedule: 'every day at 03:00' }) }),
  'sweep-ordered': () => ({
    page: sweepPage({
      viewer: READER,
      seen: { row: { ...SWEEP, state: 'ordered' }, plan: null, cells: [], matrix: null, runOf: new Map() } as never,
      linkTo: () => null,
    }),
  }),
  approvals: () => ({
    page: approvalsPage({ viewer: OPERATOR, approvals: [APPROVAL], waiting: [], forgePages: FORGE, now: NOW }),
  }),
  'approvals-waiting': () => ({
    page: approvalsPage({ viewer: OPERATOR, approvals: [APPROVAL], waiting: WAITING, forgePages: FORGE, now: NOW }),
  }),
  'approvals-none': () => ({
    page: approvalsPage({ viewer: OPERATOR, approvals: [], waiting: [], forgePages: FORGE, now: NOW }),
  }),
  code: () => ({
    page: codePage({
      viewer: OPERATOR,
      run: 'r',
      repository: 'coop/hello',
      commit: 'b'.repeat(40),
      code: {
        approved: false,
        against: APPROVAL,
        files: [
          { path: 'cc-ci.yml', change: 'same', patch: null },
          {
            ...{ path: 'tests/login.spec.ts', change: 'changed' },
            patch: [
              '@@ -1 +1 @@',
              " import { test } from 'cc-ci/test'",
              "-test('one', () => {})",
              "+test('two <b>', () => {})",
            ],
          },
          { path: 'hooks.ts', change: 'added', patch: null },
        ],
      } as never,
      forgePages: FORGE,
    }),
  }),
  login: () => ({ page: loginPage({ viewer: READER, problem: null, forge: '/login/forge' }) }),
  'login-wrong': () => ({
    page: loginPage({ viewer: READER, problem: 'That is not the operator token.', forge: null }),
  }),
  'not-found': () => ({ page: plainPage(READER, 'Not found', 'There is nothing here.') }),
}

const WORKER: WorkerRow = {
  ...{
    name: 'one',
    seenAt: iso(20_000),
    memoryBytes: 16e9,
    freeBytes: 12e9,
    harness: '0.1.0',
    unavailableReason: null,
    disks: { runs: { freeBytes: 12e9, sizeBytes: 200e9 }, images: { freeBytes: 340e9, sizeBytes: 500e9 } },
  },
}
const ONE_DISK = { freeBytes: 81e9, sizeBytes: 160e9 }
const APPROVAL = { repository: 'coop/hello', commit: 'a'.repeat(40), tree: 'c'.repeat(40), at: iso(86_400_000) }
const SWEEP = {
  id: '20261201-030000-aaaaaa',
  startedAt: iso(3_600_000),
  by: 'schedule',
  mode: 'all',
  cells: 0,
  done: 0,
  verdict: null,
  counts: null,
}

const LOG = [
  '2026-12-01T11:00:00.123456789Z starting on port 8080',
  '2026-12-01T11:00:00.223456789Z \u001b[32mok\u001b[0m database is there',
  `2026-12-01T11:00:01.123456789Z ${'a long line '.repeat(40)}`,
  '2026-12-01T11:00:02.123456789Z \u001b[1;31mError\u001b[0m: no such column: posts.slug',
  '\u001b[2J\u001b]0;title\u0007<script>alert(1)</script> \u202egnp',
]
const LOG_OF = { viewer: READER, row: row(), path: 'app.x.log', name: 'app, 2nd start, exit 3', search: '' }

function log(lines: readonly string[]): Page {
  return logPage({ ...LOG_OF, shown: { from: 1, lines, more: false } })
}

function iso(ago: number): string {
  return new Date(NOW - ago).toISOString()
}

function row(more: Partial<RunRow> = {}): RunRow {
  return {
    request: {
      ...{ schema: 1, id: '20261201-110000-aaaaaa', attemptOf: null, at: iso(3_600_000), priority: 'pull' },
      ...{ repository: 'coop/hello', commit: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678', base: 'auto', quick: false },
      pull: { number: 7, headRef: 'upgrade-to-2', baseRef: 'main', comment: 1, author: 'ann' },
      ...{ memoryBytes: 1e9, deadlineMs: 3_600_000 },
    },
    ...{ state: 'done', attempt: 1, folder: '20261201-110000-aaaaaa', worker: 'one', leaseUntil: null },
    ...{ startedAt: iso(3_500_000), cancelAskedAt: null, cancelReason: null, outcome: outcome(), harness: '0.1.0' },
    ...more,
  } as RunRow
}

function outcome(more: Partial<RunOutcome> = {}): RunOutcome {
  return {
    ...{ schema: 1, id: '20261201-110000-aaaaaa', state: 'done', verdict: 'pass', level: 6, cause: null, tier: null },
    ...{ message: 'level 6 (resilience)', finishedAt: iso(3_400_000), folder: 'x', attempts: 1, teardown: 'clean' },
    ...more,
  } as RunOutcome
}

function active(): RunRow {
  return row({ state: 'running', outcome: null, startedAt: iso(45_000) })
}

function run(more: Partial<RunPageData>): Page {
  return runPage({
    ...{ viewer: READER, row: row(), place: null, results: null, progress: null, seq: 0, forgePages: FORGE, now: NOW },
    ...{ problem: null, against: null, whyOffer: null, whyRun: null, attribution: null, files: [], pruned: null },
    ...{ chance: [], since: null, publicUrl: 'https://ci.example.org' },
    ...more,
  })
}

/** The page of a run of a pull request that has ended with these results. */
export const pageOfRun = (results: Results): Page => runOf(results)

function runOf(results: Results, more: Partial<RunPageData> = {}, say?: string): Page {
  const decisive = decisiveTier(results)
  const end = outcome({
    ...{ verdict: results.verdict, level: results.level, cause: decisive?.cause?.code ?? null },
    ...{ tier: decisive?.id ?? null, message: decisive?.reason ?? 'it ended' },
  })
  const own = row({ outcome: end })
  const request =
    say === undefined ? own.request : { ...own.request, pull: { ...own.request.pull, headRef: say, author: say } }
  return run({ row: { ...own, request } as RunRow, results, ...more })
}

/** The first attempt stopped at the upgrade, the second passed it and failed in another way: where they differ is seen at a glance. */
function twoAttempts(): RunEvent[] {
  return twice(
    { upgrade: ends('upgrade', 'not-converged', 'app: 0/1 running (starting) for 3 min') },
    { backup: ends('backup', 'backup-hook-failed', 'pg_dump ended with 1: no space left on device') },
  )
}

/** All that is recorded of a machine; other stories have what earlier versions recorded. */
function onFullRecord(results: Results): Results {
  const { environment } = results
  if (!environment) return results
  const more = { kernel: '6.1.0-28-amd64', cgroup: '2', vips: false, edge: 'traefik:v3.6.7', runMemoryBytes: 3e9 }
  return { ...results, environment: { ...environment, ...more, browser: 'Chromium 143.0', browserSandbox: true } }
}

function runOfRecorded(name: string): Page {
  const { results } = recordedRun(name)
  return runOf(results, { files: filesOf(name), since: results.verdict === 'pass' ? null : since(results) })
}

function running(events: readonly RunEvent[], tier: string, viewer: RunPageData['viewer'] = READER): Page {
  const at = events.findIndex((event) => event.type === 'tier.started' && event.tier === tier)
  const wait: RunEvent = {
    ...{
      seq: at + 2,
      at: events[at]?.at ?? iso(0),
      type: 'wait.progress',
      tier: 'backup',
      name: 'stack hello_ci_test to converge',
    },
    ...{
      reason: 'app: 0/1 running (starting, health check starting (0 failed))',
      waitedMs: 12_000,
      deadlineMs: 180_000,
    },
  } as RunEvent
  const told = [...events.slice(0, at + 1), wait]
  return run({ row: active(), results: fold(told), progress: progressOf(told), seq: told.length, viewer })
}

function testFailedRun(): RunEvent[] {
  const error =
    'Error: expect(received).toBe(expected)\n\nExpected: 201\nReceived: 409\n\n  12 |   const answer = await request.put(path)'
  return failedRun().map((event) =>
    event.type === 'test'
      ? { ...event, test: { ...event.test, title: 'a collection can be written', status: 'failed', error } }
      : event,
  )
}

function since(results: Results) {
  const own = { ...summaryOf(results), id: 'now' }
  const before = { ...own, id: '20261128-090000-bbbbbb', startedAt: '2026-11-28T09:00:00Z' }
  const passed = { ...before, id: '20261127-090000-cccccc', startedAt: '2026-11-27T09:00:00Z' }
  return sinceMarkup({ first: before, runs: 4, lastPass: passed }, 'now', (run) => `/runs/${run}`)
}

function filesOf(name: string): string[] {
  const { logs, pictures } = recordedRun(name)
  return ['events.ndjson', 'results.json', 'report.html', ...logs.map((log) => `logs/${log.name}`), ...pictures]
}

function reportOf(name: string): string {
  const recorded = recordedRun(name)
  const screenshots = recorded.pictures.map((path) => ({
    name: path.replace(/^artifacts\//, '').replace(/\.png$/, ''),
    path,
    src: pictureUri(recorded, path),
  }))
  return htmlReport(recorded.results, { events: recorded.events, logs: recorded.logs, screenshots })
}

/** Rows of so many recipes, thirty of each at most, some red, some not judged. */
function someRows(recipes: number): RunRow[] {
  return Array.from({ length: recipes }, (_, recipe) =>
    Array.from({ length: recipe % 9 === 5 ? 0 : 30 }, (_, index) => someRow(recipe, index)),
  ).flat()
}

const ENDS = {
  pass: { verdict: 'pass', level: 6 },
  fail: { verdict: 'fail', level: 1, tier: 'upgrade', cause: 'crash-loop', message: 'app ended 3 times' },
  unverified: { verdict: 'unverified', level: 2, tier: 'backup', cause: 'engine-lost', message: 'the engine was away' },
} as const

function someRow(recipe: number, index: number): RunRow {
  const { request } = row()
  const id = `20261201-${1000 + recipe}${String(index).padStart(2, '0')}-aaaaaa`
  const name = NAMES[recipe % NAMES.length]
  const repository = `coop/${name}${recipe < NAMES.length ? '' : `-${recipe}`}`
  const kind = (recipe * 7 + index) % 11 === 0 ? 'fail' : (recipe * 5 + index) % 23 === 0 ? 'unverified' : 'pass'
  return row({
    request: { ...request, id, repository, pull: index % 3 === 0 ? null : request.pull },
    outcome: outcome({ ...ENDS[kind], finishedAt: iso((recipe + 1) * 1_800_000 + index * 86_400_000) }),
  })
}

const NAMES = [
  'nextcloud',
  'matrix-synapse',
  'wordpress',
  'keycloak',
  'gitea',
  'a-recipe-with-a-rather-long-name-that-must-wrap',
  'ghost',
  'n8n',
]

function overview(rows: readonly RunRow[], more: Partial<OverviewData> = {}): Page {
  const enrolled = NAMES.map((name) => ({ name: `coop/${name}` }))
  const glances = glancesOf(rows, more.running ?? [], enrolled).map((glance) => ({ ...glance, picture: false }))
  return overviewPage({
    ...{ viewer: READER, now: NOW, glances, filter: { q: '', show: 'all', sort: 'attention' } },
    ...{ running: [], queued: [], queueLength: 0, workers: [WORKER], waitingCode: 0 },
    runsDisk: { disk: { runs: 900, bytes: 2e9, at: iso(60_000) }, trouble: null, maxBytes: 10e9 },
    ...more,
  })
}

function busy(): Partial<OverviewData> {
  const waiting = { row: row({ state: 'queued', outcome: null, startedAt: null }), place: { ahead: 2, etaMs: 300_000 } }
  return { running: [active()], queued: [waiting, { ...waiting, place: null }], queueLength: 31 }
}

function runs(rows: readonly RunRow[]): Page {
  const filter = { repository: '', pull: '', state: '' }
  return runsPage({
    viewer: READER,
    now: NOW,
    rows: rows.slice(0, 50),
    filter,
    next: rows.length > 50 ? 'before=x' : null,
  })
}

function recipe(amount: number, viewer = READER as RunPageData['viewer'], more: Partial<RecipePageData> = {}): Page {
  const rows = someRows(1)
    .concat(someRows(1))
    .slice(0, amount)
    .map((one, index) => ({ ...one, folder: `f${index}` }))
  const made = summaryOf(fold(passingStream()))
  const summaries = new Map(
    rows.map((one, index) => {
      const took = 80_000 + 9_000 * (index % 7)
      const finishedAt = new Date(Date.parse(made.startedAt) + took).toISOString()
      return [one.folder, { ...made, finishedAt, memoryBytes: 2e8 + index * 3e6 }] as const
    }),
  )
  const enrollment = { name: 'coop', at: iso(9e8), by: 'ann', allow: [], memoryBytes: null, webhook: 1, mirrorOf: null }
  return recipePage({
    ...{
      viewer,
      repository: 'coop/nextcloud',
      rows,
      summaries,
      enrollment,
      forgePages: FORGE,
      now: NOW,
      more: amount > 40,
    },
    newest: amount === 0 ? null : fold(passingStream()),
    approvals: viewer.operator === null ? [] : [{ ...APPROVAL, repository: 'coop/nextcloud' }],
    ...{ waiting: [], canonicals: [], upgrades: [], linkTo: () => null },
    ...more,
  })
}

const ALL_KEPT: Partial<RecipePageData> = {
  ...{ waiting: WAITING.slice(0, 1), canonicals: CANONICALS, upgrades: UPGRADES },
  linkTo: (run) => (run.endsWith('bbbbbb') ? null : `/runs/${run}`),
}

function upgrades(shown: UpgradeTable | null): Page {
  const all = shown === null ? [] : UPGRADES
  return upgradesPage({ viewer: READER, repository: 'coop/nextcloud', shown, all, linkTo: (run) => `/runs/${run}` })
}

const WEBHOOKS: readonly (readonly [string, WebhookState])[] = [
  ['coop', { kind: 'active' }],
  ['coop/missing', { kind: 'missing' }],
  ['coop/switched-off', { kind: 'inactive' }],
  ['coop/other-events', { kind: 'events', missing: ['pull_request_comment'] }],
  ['coop/slow-forge', { kind: 'not-known', why: 'the forge has not answered in time' }],
]

function repositories(viewer: RunPageData['viewer']): Page {
  const enrollment = { at: iso(9e8), by: 'ann', allow: ['bob'], memoryBytes: 2e9, webhook: 1, mirrorOf: null }
  return repositoriesPage({
    viewer,
    enrollments: [
      { ...enrollment, name: 'coop' },
      { ...enrollment, name: 'other/hello', webhook: null, allow: [], memoryBytes: null },
      ...WEBHOOKS.slice(1).map(([name]) => ({ ...enrollment, name, allow: [], memoryBytes: null })),
    ],
    mirrors: new Map(),
    webhooks: new Map(viewer.operator === null ? [] : WEBHOOKS),
    forgePages: FORGE,
    message: null,
    paste: null,
    waitingCode: viewer.operator === null ? 0 : 1,
  })
}
