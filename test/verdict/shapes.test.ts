import { describe, expect, it } from 'vitest'
import { cause } from '../../src/verdict/causes.ts'
import { EVENT_SHAPES, eventProblem, formatWords } from '../../src/verdict/event-shape.ts'
import type { EventDraft, EventType } from '../../src/verdict/events.ts'
import { EVIDENCE, type EvidenceKind, evidenceProblem } from '../../src/verdict/evidence.ts'
import { TIER_IDS } from '../../src/verdict/tiers.ts'
import { EVIDENCE_EXAMPLES, eventExamples } from './examples.ts'
import { HEAD } from './passing-stream.ts'

type Path = readonly (string | number)[]

/** Every place inside a value. */
function placesIn(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value)
  return keys.flatMap((key) => {
    const path = [...at, key]
    return [path, ...placesIn((value as Record<string, unknown>)[key], path)]
  })
}

/** The value with `change` made to what holds the place at `path`. */
function changed(value: unknown, path: Path, change: (holder: Record<string, unknown>, key: string) => void): unknown {
  const copy = structuredClone(value) as Record<string, unknown>
  const holder = path.slice(0, -1).reduce((inner: unknown, key) => (inner as Record<string, unknown>)[key], copy)
  change(holder as Record<string, unknown>, String(path.at(-1)))
  return copy
}

const remove = (holder: Record<string, unknown>, key: string) => {
  delete holder[key]
}
const replace = (holder: Record<string, unknown>, key: string) => {
  holder[key] = [null]
}
const nameOf = (path: Path) => path.map((key) => (typeof key === 'number' ? '*' : key)).join('.')

function stampedOne(draft: object) {
  return { seq: 1, at: '2026-11-23T19:12:54.250Z', ...draft }
}

/** Places that need not be there. */
const OPTIONAL = [
  'secrets.scanned notLooked',
  'run.started lintEnforced',
  'run.started customization.sources',
  'run.started customization.deps',
  'run.started customization.approval',
  'tier.doubted cause.service',
  'tier.doubted cause.deterministic',
  'operation.started kind',
  'operation.started subject',
  'operation.started service',
  'operation.ended kind',
  'operation.ended subject',
  'operation.ended service',
  'wait.progress id',
  'wait.progress subject',
  'wait.progress service',
  'check id',
  'check subject',
  'check after',
  'check after.service',
  'check machine',
  'check cause',
  'check cause.service',
  'check cause.deterministic',
  'test test.error',
  'test test.reason',
  'test test.artifacts',
  'finding where',
  ...['kernel', 'cgroup', 'vips', 'edge', 'browser', 'browserSandbox'].map((key) => `environment ${key}`),
  'image sizeBytes',
  'run.started evidenceSchema',
  'run.started contract',
]
/** Below these, and there, anything goes: what a recipe sets, and evidence that `fold` judges later. */
const ANYTHING = [/^customization\.(config|sources)\./, /^evidence\.(?!kind$)/]

describe('an event of the stream', () => {
  const types = Object.keys(EVENT_SHAPES) as EventType[]

  it.each(types)('%s is one as it is written, and none with a field missing or of another kind', (type) => {
    const drafts = eventExamples(type)
    expect(drafts).not.toEqual([])
    for (const event of drafts.map(stampedOne)) {
      expect(eventProblem(event)).toBeNull()
      for (const path of placesIn(event)) {
        const name = nameOf(path)
        if (ANYTHING.some((free) => free.test(name))) continue
        expect(eventProblem(changed(event, path, replace)), `${name} is a list`).not.toBeNull()
        if (name.endsWith('*')) continue
        const problem = eventProblem(changed(event, path, remove))
        if (OPTIONAL.includes(`${type} ${name}`)) expect(problem, `without ${name}`).toBeNull()
        else expect(problem, `without ${name}`).toContain(String(path.at(-1)))
      }
    }
  })

  it('takes ids that a later version adds, and no other kind of value', () => {
    const check = { type: 'check', tier: 'install', name: 'x', outcome: 'pass' }
    expect(eventProblem(stampedOne({ ...check, id: 'of-a-later-version' }))).toBeNull()
    expect(eventProblem(stampedOne({ ...check, id: 7 }))).toMatch(/id/)
    const ended = { type: 'operation.ended', tier: 'install', operation: 'x', ms: 1 }
    expect(eventProblem(stampedOne({ ...ended, kind: 'scale' }))).toBeNull()
  })

  it('keeps fields that a later version adds', () => {
    for (const type of types)
      for (const draft of eventExamples(type)) expect(eventProblem(stampedOne({ ...draft, later: 1 }))).toBeNull()
  })

  it.each<[string, object]>([
    ['no event at all', { seq: 1 }],
    ['a number below 1', { ...stampedOne({ type: 'run.ended' }), seq: 0 }],
    ['a first attempt that is announced', stampedOne({ type: 'attempt.started', attempt: 1, because: 'x' })],
    ['a number that is not whole', { ...stampedOne({ type: 'run.ended' }), seq: 1.5 }],
    ['an inherited name as its type', stampedOne({ type: 'toString' })],
    ['evidence that is text', stampedOne({ type: 'evidence', tier: 'install', evidence: 'images' })],
    ['evidence that is null', stampedOne({ type: 'evidence', tier: 'install', evidence: null })],
    [
      'another tool',
      stampedOne({ ...eventExamples('run.started')[0], tool: { name: 'x', version: '1', commit: null } }),
    ],
  ])('is not %s', (_, event) => {
    expect(eventProblem(event)).not.toBeNull()
  })

  it('names each wrong place, and the event itself where it is none', () => {
    expect(eventProblem(stampedOne({ type: 'leak' }))).toMatch(/^kind: .+; name: .+/)
    expect(eventProblem('leak')).toMatch(/^event: /)
    expect(eventProblem(stampedOne({ type: 'party' }))).toContain('party')
    expect(eventProblem(stampedOne({ type: 'test', tier: 'lint', test: {} }))).toMatch(/^test\.title: /)
    expect(eventProblem(stampedOne({ type: 'evidence', tier: 'install', evidence: {} }))).toMatch(/^evidence: .*kind/)
  })

  const words = (key: string, draft: EventDraft | object, values: readonly string[]) =>
    values.map((value): [string, object] => [`${key} ${value}`, { ...draft, [key]: value }])
  const started = eventExamples('run.started')[0] as Extract<EventDraft, { type: 'run.started' }>
  const why = (blame: string) => ({ ...cause('crash-loop', 'x'), blame })

  // What other programs read: words that may be added to, never renamed.
  it.each<[string, object]>([
    ...words('severity', { type: 'finding', code: 'R001', message: 'x' }, ['info', 'warning', 'error']),
    ...words('kind', { type: 'artifact', path: 'a', sha256: '0' }, [
      'screenshot',
      'report',
      'junit',
      'trace',
      'log',
      'visual-difference',
    ]),
    ...words('kind', { type: 'tier.skipped', tier: 'lint', reason: 'x' }, ['structural', 'declared', 'not-selected']),
    ...words('outcome', { type: 'check', tier: 'lint', name: 'x' }, ['pass', 'fail', 'unverified']),
    ...words('signal', { type: 'run.interrupted' }, ['SIGINT', 'SIGTERM', 'cancel', 'deadline']),
    ...words('tier', { type: 'tier.ended' }, TIER_IDS),
    ...['pin', 'canonical', 'tag', 'branch'].map((source): [string, object] => [
      `base ${source}`,
      { ...started, base: { version: '1', commit: HEAD, source } },
    ]),
    ...['recipe', 'upstream', 'infra', 'ci'].map((blame): [string, object] => [
      `blame ${blame}`,
      { type: 'tier.doubted', tier: 'lint', cause: why(blame) },
    ]),
    ...['passed', 'failed', 'skipped'].map((status): [string, object] => [
      `test ${status}`,
      { type: 'test', tier: 'lint', test: { title: 'x', file: 'x', status, durationMs: 1 } },
    ]),
    ['no base', { ...started, base: null }],
    ['no version', { ...started, recipe: { ...started.recipe, version: null } }],
  ])('may say: %s', (_, event) => {
    expect(eventProblem(stampedOne(event))).toBeNull()
  })
})

describe('the words that are never masked', () => {
  it('are all field names and fixed values of the format, and nothing else', () => {
    const words = formatWords()
    const fields = [...(Object.keys(EVENT_SHAPES) as EventType[])].flatMap((type) =>
      eventExamples(type).flatMap((draft) =>
        placesIn(stampedOne(draft)).filter((path) => !ANYTHING.some((free) => free.test(nameOf(path)))),
      ),
    )
    const evidence = EVIDENCE_EXAMPLES.flatMap((piece) => placesIn(piece)).filter(
      (path) => !['before', 'during', 'after'].includes(String(path.at(-2))),
    )
    for (const path of [...fields, ...evidence]) {
      const name = String(path.at(-1))
      if (!/^\d+$/.test(name)) expect(words, nameOf(path)).toContain(name)
    }
    for (const word of [
      'crash-loop',
      'upstream',
      'passed',
      'SIGTERM',
      'not-selected',
      'canonical',
      'excluded',
      'cc-ci',
      ...TIER_IDS,
      ...Object.keys(EVIDENCE),
    ])
      expect(words).toContain(word)
    expect([...words].every((word) => typeof word === 'string')).toBe(true)
    for (const word of ['', 'true', 'string', 'object', 'undefined', 'properties', 'required'])
      expect(words).not.toContain(word)
  })
})

/** Lists that say something by being empty. */
const MAY_BE_EMPTY = [
  'page consoleErrors',
  'page failedRequests',
  'page way',
  'still-there asked',
  'still-there gone',
  'witness witnesses.*.details',
  'no-op-redeploy restarted',
  'no-op-redeploy services.*.tasks',
  'engine-restart services.*.before',
  'engine-restart services.*.after',
  'rolled-back dropped',
  'rolled-back unused',
  'resumed volumes',
  'rolled-back spared',
]
const MAY_BE_MISSING = [
  'page status',
  'page way',
  'witness witnesses.*.destroyed',
  'witness witnesses.*.counts',
  'witness witnesses.*.details',
]
/** Below these, names are free and nothing must be there. */
const COUNTS = /^(before|during|after)\./

describe('a piece of evidence', () => {
  it('has an example of each kind, and each example is whole', () => {
    expect(new Set(EVIDENCE_EXAMPLES.map(({ kind }) => kind))).toEqual(new Set(Object.keys(EVIDENCE)))
    for (const piece of EVIDENCE_EXAMPLES) expect(evidenceProblem(piece), JSON.stringify(piece)).toBeNull()
  })

  it.each(EVIDENCE_EXAMPLES.map((piece) => [piece.kind, piece] as const))(
    '%s is not whole with a field missing or of another kind',
    (kind, piece) => {
      for (const path of placesIn(piece)) {
        const name = nameOf(path)
        expect(evidenceProblem(changed(piece, path, replace) as typeof piece), `${name} is a list`).not.toBeNull()
        if (name.endsWith('*') || COUNTS.test(name)) continue
        const without = evidenceProblem(changed(piece, path, remove) as typeof piece)
        if (MAY_BE_MISSING.includes(`${kind} ${name}`)) expect(without, `without ${name}`).toBeNull()
        else expect(without, `without ${name}`).not.toBeNull()
        const value = path.reduce((inner: unknown, key) => (inner as Record<string, unknown>)[key], piece)
        if (!Array.isArray(value)) continue
        const emptied = evidenceProblem(
          changed(piece, path, (holder, key) => Object.assign(holder, { [key]: [] })) as typeof piece,
        )
        if (MAY_BE_EMPTY.includes(`${kind} ${name}`)) expect(emptied, `empty ${name}`).toBeNull()
        else expect(emptied, `empty ${name}`).not.toBeNull()
      }
    },
  )

  const example = (kind: EvidenceKind) => EVIDENCE_EXAMPLES.find((piece) => piece.kind === kind)
  const identity = { service: 'app', base: null, head: null }
  const recovered = { service: 'app', before: 'task1', after: 'task2', ms: 1 }
  const COUNTED = {
    ...{ tables: 1, rows: 1, rowsLost: 0, tablesLost: 0, rowsTidied: 0 },
    ...{ newTables: 0, formerTables: 0, newColumns: 0, formerColumns: 0, newRows: 0 },
  }
  const row = { subject: 'volume:data', kind: 'file', before: 'a', after: 'a', summary: 'x' }

  it.each<[EvidenceKind, object, 'whole' | 'hollow']>([
    ['images', { images: [{ service: 'app', ref: 'a:1', id: '' }] }, 'hollow'],
    ['http', { status: 100 }, 'whole'],
    ['http', { status: 99 }, 'hollow'],
    ['http', { status: 200.5 }, 'hollow'],
    ['http', { bytes: 0.5 }, 'hollow'],
    ['http', { bodyHash: '' }, 'hollow'],
    ['http', { servingTask: '' }, 'hollow'],
    ['no-http', { reason: '' }, 'hollow'],
    ['page', { screenshot: '' }, 'hollow'],
    [
      'identity',
      {
        services: [
          { ...identity, changed: [] },
          { ...identity, changed: ['env'] },
        ],
      },
      'whole',
    ],
    ['identity', { services: [{ ...identity, changed: [] }] }, 'hollow'],
    ['head-deployed', { label: HEAD.slice(0, 7) }, 'whole'],
    ['head-deployed', { label: HEAD.slice(0, 6) }, 'hollow'],
    ['head-deployed', { label: `${HEAD.slice(0, 8)}+U` }, 'whole'],
    ['head-deployed', { label: `${HEAD.slice(0, 8)}+U${HEAD[8]}` }, 'hollow'],
    ['head-deployed', { label: HEAD.slice(1, 9) }, 'hollow'],
    ['head-deployed', { commit: HEAD.slice(0, 39) }, 'hollow'],
    ['update-status', { services: [{ service: 'app', state: 'updating' }] }, 'hollow'],
    ['witness', { witnesses: [{ ...row, result: 'missing' }] }, 'hollow'],
    ['snapshot', { id: '12345678' }, 'whole'],
    ['snapshot', { id: '1234567' }, 'hollow'],
    ['restored', { snapshot: '12345678' }, 'whole'],
    ['restored', { snapshot: '1234567' }, 'hollow'],
    ['restored', { files: 1 }, 'whole'],
    ['restored', { files: 0 }, 'hollow'],
    ['tests', { executed: 1 }, 'whole'],
    ['tests', { executed: 0 }, 'hollow'],
    ['provider', { providers: [{ name: 'smtp', healthy: false }] }, 'hollow'],
    ['no-op-redeploy', { restarted: ['app'] }, 'hollow'],
    ...['completed', 'none', 'created'].map((state): [EvidenceKind, object, 'whole'] => [
      'update-status',
      { services: [{ service: 'app', state }] },
      'whole',
    ]),
    ...['kept', 'changed', 'lost', 'excluded'].map((result): [EvidenceKind, object, 'whole'] => [
      'witness',
      { witnesses: [{ ...row, result }] },
      'whole',
    ]),
    ...['file', 'manifest', 'postgres', 'sqlite'].map((kind): [EvidenceKind, object, 'whole'] => [
      'witness',
      { witnesses: [{ ...row, kind, result: 'kept' }] },
      'whole',
    ]),
    ...['mariadb', 'redis'].map((kind): [EvidenceKind, object, 'whole'] => [
      'witness',
      { witnesses: [{ ...row, kind, result: 'kept' }] },
      'whole',
    ]),
    ...['from', 'to', 'why'].map((name): [EvidenceKind, object, 'hollow'] => [
      'page-elsewhere',
      { [name]: '' },
      'hollow',
    ]),
    ['visual-difference', { difference: null }, 'whole'],
    ['visual-difference', { before: '' }, 'hollow'],
    ['visual-difference', { after: '' }, 'hollow'],
    ['visual-difference', { size: { before: [1], after: [1, 2] } }, 'hollow'],
    ['visual-difference', { size: { before: [1, 2], after: [1, 2, 3] } }, 'hollow'],
    ...['changedShare', 'volatileShare'].flatMap((name): [EvidenceKind, object, 'whole' | 'hollow'][] => [
      ['visual-difference', { [name]: 0 }, 'whole'],
      ['visual-difference', { [name]: 1 }, 'whole'],
      ['visual-difference', { [name]: -0.01 }, 'hollow'],
      ['visual-difference', { [name]: 1.01 }, 'hollow'],
    ]),
    ['recovery', { services: [recovered, { ...recovered, after: 'task1' }] }, 'hollow'],
    ['recovery', { services: [{ ...recovered, before: '' }] }, 'hollow'],
    ['recovery', { services: [{ ...recovered, after: '' }] }, 'hollow'],
    ['witness', { witnesses: [{ ...row, result: 'kept', counts: { ...COUNTED, rowsLost: -1 } }] }, 'hollow'],
    ['witness', { witnesses: [{ ...row, result: 'kept', counts: { ...COUNTED, rowsLost: 0.5 } }] }, 'hollow'],
    ['hooks', { hooks: undefined, none: '' }, 'hollow'],
    ['witness', { witnesses: undefined, none: '' }, 'hollow'],
  ])('%s with %j is %s', (kind, change, worth) => {
    const problem = evidenceProblem({ ...example(kind), ...change, kind })
    if (worth === 'whole') expect(problem).toBeNull()
    else expect(problem).not.toBeNull()
  })

  it('of a kind that nobody knows is not whole, and a wrong place is named', () => {
    expect(evidenceProblem({ kind: 'feeling' })).toContain('feeling')
    const piece = { kind: 'restored', snapshot: 'short', files: 0 }
    expect(evidenceProblem(piece)).toMatch(/^snapshot: .+; files: /)
    const nameless = { kind: 'images', images: [{ service: 'app', ref: 'a' }] }
    expect(evidenceProblem(nameless)).toMatch(/^images\.0\.id: /)
  })
})
