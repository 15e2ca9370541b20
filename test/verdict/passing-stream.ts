import type { EventDraft, RunEvent, RunHeader } from '../../src/verdict/events.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { TIER_IDS, TIERS, type TierId, USUAL_TIERS } from '../../src/verdict/tiers.ts'

export const HEAD = 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678'
const SNAPSHOT = '5f3c9a1e77b2d4c0'
/** Of the version before, taken before the upgrade. */
const BEFORE = '0a9b8c7d6e5f4321'
const BASE = '9'.repeat(40)
const START = Date.parse('2026-11-23T19:12:54.000Z')

export const HEADER: RunHeader = {
  run: { id: '20261123-191254-k3f9qa', host: 'builder' },
  tool: { name: 'cc-ci', version: '0.1.0', commit: null },
  recipe: {
    name: 'pocketbase',
    origin: '/srv/recipes/pocketbase',
    commit: HEAD,
    version: '2.0.0+0.40.6',
    dirty: false,
  },
  base: { version: '1.0.0+0.36.9', commit: BASE, source: 'tag' },
  selected: USUAL_TIERS,
  stack: 'pocketbase-k3f9qa',
  domain: 'pocketbase-k3f9qa.ci.test',
  customization: { config: {}, hooks: [], overlays: [], tests: [], envOverrides: [], refused: [] },
}

const http: Evidence = {
  kind: 'http',
  url: 'https://pocketbase-k3f9qa.ci.test/',
  status: 200,
  bodyHash: 'sha256:77aa',
  bytes: 5120,
  servingTask: 'task1app',
}
const noHooks: Evidence = { kind: 'hooks', none: 'the labels ask for no hook' }
const witness: Evidence = {
  kind: 'witness',
  witnesses: [
    { subject: 'volume:data', kind: 'file', result: 'kept', before: 'cc-1', after: 'cc-1', summary: 'marker is there' },
    {
      subject: 'mariadb:db',
      kind: 'mariadb',
      result: 'changed',
      before: 'marker row; 12 tables, 340 rows, sha256:aa',
      after: 'marker row; 12 tables, 340 rows, sha256:bb',
      summary: '12 tables, 0 rows lost, 3 new columns',
      counts: {
        ...{ tables: 12, rows: 340, rowsLost: 0, tablesLost: 0, rowsTidied: 0 },
        ...{ newTables: 0, formerTables: 0, newColumns: 3, formerColumns: 0, newRows: 0 },
      },
      details: ['table app.posts: 3 new columns'],
    },
  ],
}

/** Evidence with which each tier passes. */
export const PASSING: Record<TierId, readonly Evidence[]> = {
  lint: [{ kind: 'rules', rules: [{ id: 'R001', subject: 'compose.yml', ok: true }] }],
  install: [
    { kind: 'images', images: [{ service: 'app', ref: 'pocketbase:0.36.9', id: 'sha256:aa11' }] },
    { kind: 'tasks', tasks: [{ service: 'app', id: 'task1app', state: 'running' }] },
    http,
    {
      kind: 'page',
      url: 'https://pocketbase-k3f9qa.ci.test/',
      title: 'PocketBase',
      textLength: 321,
      elements: 48,
      consoleErrors: [],
      failedRequests: [],
      screenshot: 'artifacts/install.png',
    },
  ],
  upgrade: [
    {
      kind: 'identity',
      services: [
        {
          service: 'app',
          base: { service: 'app', imageId: 'sha256:aa11', specHash: 'h1', version: '1.0.0+0.36.9', chaosVersion: null },
          head: {
            service: 'app',
            imageId: 'sha256:bb22',
            specHash: 'h2',
            version: '2.0.0+0.40.6',
            chaosVersion: HEAD.slice(0, 8),
          },
          changed: ['image'],
        },
      ],
    },
    { kind: 'head-deployed', label: HEAD.slice(0, 8), commit: HEAD },
    { kind: 'update-status', services: [{ service: 'app', state: 'completed' }] },
    http,
    witness,
  ],
  backup: [
    { kind: 'snapshot', id: SNAPSHOT, volumes: [{ volume: 'data', files: 12, bytes: 1_234_567 }] },
    noHooks,
    { kind: 'coverage', paths: [{ volume: 'data', path: '/', covered: true }] },
  ],
  restore: [
    { kind: 'restored', snapshot: SNAPSHOT, files: 12 },
    noHooks,
    {
      kind: 'witness',
      witnesses: [
        {
          subject: 'volume:data',
          kind: 'file',
          result: 'kept',
          before: 'cc-1',
          destroyed: 'gone',
          after: 'cc-1',
          summary: 'marker came back',
        },
      ],
    },
    http,
  ],
  functional: [{ kind: 'tests', executed: 2, titles: ['can log in', 'can write'] }],
  integration: [
    { kind: 'tests', executed: 1, titles: ['logs in with keycloak'] },
    { kind: 'provider', providers: [{ name: 'keycloak', healthy: true }] },
  ],
  resilience: [
    { kind: 'recovery', services: [{ service: 'app', before: 'task1app', after: 'task2app', ms: 2100 }] },
    http,
    witness,
    { kind: 'no-op-redeploy', services: [{ service: 'app', tasks: ['task2app'], specHash: 'h2' }], restarted: [] },
  ],
  rollback: [
    {
      kind: 'rolled-back',
      version: '1.0.0+0.36.9',
      commit: BASE,
      snapshot: BEFORE,
      files: 9,
      services: [{ service: 'app', before: 'sha256:aa11', now: 'sha256:aa11' }],
      dropped: ['worker'],
      unused: ['cache'],
      emptied: [{ volume: 'data', before: 14, left: 0, asNew: 4, after: 9 }],
      spared: [],
    },
    noHooks,
    witness,
    http,
  ],
  teardown: [
    {
      kind: 'ledger',
      before: { services: 0, volumes: 0 },
      during: { services: 1, volumes: 1 },
      after: { services: 0, volumes: 0 },
      removed: 2,
    },
  ],
}

const TESTS: Partial<Record<TierId, readonly string[]>> = {
  functional: ['can log in', 'can write'],
  integration: ['logs in with keycloak'],
}

/** The events of a tier that passes, in their order. */
export function passingTier(tier: TierId): EventDraft[] {
  return [
    { type: 'tier.started', tier },
    { type: 'operation.started', tier, kind: 'function', subject: tier, operation: `do ${tier}` },
    {
      type: 'wait.progress',
      tier,
      id: 'converge',
      subject: 'app',
      name: 'service app to converge',
      reason: '0/1 tasks run',
      waitedMs: 500,
      deadlineMs: 600_000,
    },
    { type: 'operation.ended', tier, kind: 'function', subject: tier, operation: `do ${tier}`, ms: 900 },
    { type: 'check', tier, id: 'tier-ran', subject: tier, name: `${tier} is right`, outcome: 'pass' },
    ...PASSING[tier].map((evidence): EventDraft => ({ type: 'evidence', tier, evidence })),
    ...(TESTS[tier] ?? []).map((title): EventDraft => {
      return {
        type: 'test',
        tier,
        test: { title, file: `tests/custom/${tier}.spec.ts`, status: 'passed', durationMs: 40 },
      }
    }),
    { type: 'tier.ended', tier },
  ]
}

/** The upgrade of a run that goes back at its end. */
function backedUpBefore(): EventDraft[] {
  const volumes = [{ volume: 'data', files: 9, bytes: 1_000_000 }]
  const taken: EventDraft = { type: 'evidence', tier: 'upgrade', evidence: { kind: 'snapshot', id: BEFORE, volumes } }
  return passingTier('upgrade').toSpliced(-1, 0, taken)
}

/** A whole run in which every usual tier passes, and what `header` asks for besides; tiers given in `instead` have these events in place of their own. */
export function passingDrafts(
  instead: Partial<Record<TierId, readonly EventDraft[]>> = {},
  header: Partial<RunHeader> = {},
): EventDraft[] {
  const selected = header.selected ?? TIER_IDS.filter((tier) => !TIERS[tier].byRequest || instead[tier])
  return [
    { type: 'run.started', ...HEADER, ...header, selected },
    {
      type: 'environment',
      engine: '20.10.24',
      api: '1.41',
      cpus: 2,
      memoryBytes: 4_000_000_000,
      load: [0.5, 0.4, 0.3],
    },
    { type: 'accommodation', text: 'no IPVS: endpoint_mode dnsrr' },
    { type: 'image', service: 'app', ref: 'pocketbase:0.36.9', id: 'sha256:aa11' },
    { type: 'image', service: 'app', ref: 'pocketbase:0.40.6', id: 'sha256:bb22' },
    ...TIER_IDS.filter((tier) => !TIERS[tier].byRequest || selected.includes(tier)).flatMap(
      (tier) =>
        instead[tier] ?? (tier === 'upgrade' && selected.includes('rollback') ? backedUpBefore() : passingTier(tier)),
    ),
    { type: 'finding', code: 'R015', severity: 'warning', message: 'long secret names', where: 'compose.yml:12:5' },
    { type: 'artifact', kind: 'screenshot', path: 'artifacts/install.png', sha256: '0'.repeat(64) },
    { type: 'secrets.scanned', files: 9, leaks: [] },
    { type: 'run.ended' },
  ]
}

/** Numbers and stamps drafts as the stream does, one second apart. */
export function stamped(drafts: readonly EventDraft[]): RunEvent[] {
  return drafts.map((draft, index) => ({ seq: index + 1, at: new Date(START + index * 1000).toISOString(), ...draft }))
}

export function passingStream(...args: Parameters<typeof passingDrafts>): RunEvent[] {
  return stamped(passingDrafts(...args))
}
