import { type Cause, cause } from '../../src/verdict/causes.ts'
import type { EventDraft, EventType } from '../../src/verdict/events.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { HEAD, HEADER, PASSING, passingDrafts } from './passing-stream.ts'

/** Evidence as a run may record it besides what the passing run has: other forms, and kinds that no tier requires. */
const OTHER_EVIDENCE: readonly Evidence[] = [
  { kind: 'no-http', reason: 'no router label' },
  {
    kind: 'still-there',
    asked: [{ subject: 'route:DOMAIN/', before: '200', after: '302' }],
    gone: ['volume:cache'],
  },
  { kind: 'hooks', hooks: [{ service: 'db', phase: 'backup.pre-hook', exitCode: 0, ms: 5 }] },
  { kind: 'witness', none: 'the app has no data' },
  {
    kind: 'page-elsewhere',
    from: 'https://app.ci.test/',
    to: 'https://login.example.com/',
    why: 'a login at another host',
    way: ['302 https://login.example.com/'],
  },
  {
    kind: 'visual-difference',
    before: 'artifacts/install.png',
    after: 'artifacts/upgrade.png',
    difference: 'artifacts/difference.png',
    size: { before: [1280, 720], after: [1280, 720] },
    changedPixels: 12,
    changedShare: 0.01,
    volatileShare: 0,
  },
  {
    kind: 'steps',
    steps: [{ version: '1.1.0+1', commit: 'b'.repeat(40), changed: ['app'], witnesses: 2, ms: 4100 }],
  },
  {
    kind: 'reattached',
    version: '1.0.0+0.36.9',
    run: '20261123-191254-k3f9qa',
    volumes: [{ volume: 'data', files: 3, bytes: 42, content: 'c'.repeat(64), started: 4 }],
  },
  {
    kind: 'resumed',
    run: '20261123-191254-k3f9qa',
    after: 'backup',
    volumes: [{ volume: 'data', files: 3, bytes: 42, content: 'c'.repeat(64), started: 4 }],
  },
  { kind: 'engine-restart', ms: 9000, services: [{ service: 'app', before: ['task1app'], after: ['task2app'] }] },
]

/** At least one whole piece of each kind. */
export const EVIDENCE_EXAMPLES: readonly Evidence[] = [...Object.values(PASSING).flat(), ...OTHER_EVIDENCE]

const CAUSE: Cause = {
  ...cause('crash-loop', 'app ended 3 times', { service: 'app', lines: ['log: no database'] }),
  deterministic: false,
}

/** Events with every field that they may have, and those that a passing run has not. */
const OTHER_EVENTS: readonly EventDraft[] = [
  {
    ...{ type: 'environment', engine: '29.5.0', api: '1.52', cpus: 2, memoryBytes: 4_000_000_000, load: [0.5] },
    ...{ kernel: '6.1.0', cgroup: '2', vips: false, edge: 'cc-ci/traefik:3.7.15', browser: 'Chromium 156.0.1' },
    browserSandbox: true,
  },
  { type: 'image', service: 'app', ref: 'pocketbase:0.40.6', id: 'sha256:bb22', sizeBytes: 36_000_000 },
  { type: 'memory', tier: 'install', service: 'app', bytes: 21_000_000 },
  {
    type: 'container',
    service: 'app',
    task: '0123456789abcdefghijklmno',
    startedAt: '2026-11-30T16:41:07.467Z',
    finishedAt: '2026-11-30T16:41:08.467Z',
    exitCode: 3,
    oomKilled: false,
  },
  {
    type: 'run.started',
    ...HEADER,
    tool: { ...HEADER.tool, commit: HEAD },
    evidenceSchema: 1,
    contract: {
      ...{ variables: ['DOMAIN', 'MAIL_FROM'], mustBeSet: ['MAIL_FROM'], secrets: ['db_password'] },
      ...{ services: ['app', 'db'], volumes: ['data'], ports: ['8448/tcp'], routes: ['DOMAIN/'] },
    },
    customization: {
      config: { 'timeouts.deploy': 900 },
      hooks: ['ready'],
      overlays: ['compose.ci.yml'],
      tests: ['tests/custom/functional.spec.ts'],
      envOverrides: ['LOG_LEVEL'],
      refused: ['install-steps.sh'],
      sources: { 'timeouts.deploy': 'cc-ci/cc-ci.yml:3:5' },
      deps: ['keycloak'],
      approval: 'cc-ci approve',
    },
    lintEnforced: true,
  },
  { type: 'note', text: 'removes the app' },
  { type: 'attempt.started', attempt: 2, because: 'install ended with not-converged' },
  { type: 'tier.skipped', tier: 'backup', kind: 'structural', reason: 'no backup labels' },
  { type: 'tier.blocked', tier: 'upgrade', by: 'install' },
  { type: 'tier.doubted', tier: 'install', cause: CAUSE },
  {
    ...{ type: 'check', tier: 'install', id: 'ready', subject: 'app', after: { kind: 'kill', service: 'db' } },
    ...{ name: 'converges', outcome: 'fail', cause: CAUSE },
    machine: { load: [1, 2, 3], processors: 2, memoryBytes: { available: 1, total: 2 }, diskFreeBytes: 3 },
  },
  {
    type: 'test',
    tier: 'functional',
    test: {
      title: 'can write',
      file: 'tests/custom/functional.spec.ts',
      status: 'failed',
      durationMs: 40,
      error: 'expected 1',
      reason: 'not today',
      artifacts: ['artifacts/trace.zip'],
    },
  },
  { type: 'leak', kind: 'volume', name: 's_data' },
  {
    type: 'secrets.scanned',
    files: 9,
    leaks: ['logs/app.log'],
    notLooked: [{ file: 'artifacts/install.png', why: 'picture' }],
  },
  { type: 'run.interrupted', signal: 'SIGTERM' },
]

/** At least one event of each type. */
const EVENT_EXAMPLES: readonly EventDraft[] = [...passingDrafts(), ...OTHER_EVENTS]

export function eventExamples(type: EventType): EventDraft[] {
  return EVENT_EXAMPLES.filter((draft) => draft.type === type)
}
