import { describe, expect, it, test } from 'vitest'
import { comparable, DEFAULT_RULE } from '../../src/history/compare/comparable.ts'
import { type Comparison, compareRuns } from '../../src/history/compare/comparison.ts'
import { CHANGE_WORDS, wordOf } from '../../src/history/compare/messages.ts'
import { cause } from '../../src/verdict/causes.ts'
import type { EventDraft, RunHeader } from '../../src/verdict/events.ts'
import { HEADER } from '../verdict/passing-stream.ts'
import { AFTER, BEFORE, crash, type Made, results, summary } from './some-runs.ts'

const OTHER_COMMIT: Partial<RunHeader> = { recipe: { ...HEADER.recipe, commit: 'b'.repeat(40) } }
const OTHER_TOOL: Partial<RunHeader> = { tool: { ...HEADER.tool, commit: 'c'.repeat(40) } }
const environment = (more: object): EventDraft => ({
  ...{ type: 'environment', engine: '20.10.24', api: '1.41', cpus: 2, memoryBytes: 4_000_000_000, load: [9] },
  ...more,
})

/** The second run against one that passed whole. */
const judged = (after: Made, rule = DEFAULT_RULE, before: Made = {}) =>
  comparable(summary(before), summary({ id: AFTER, ...after }), rule)

function compared(after: Made, before: Made = {}): Comparison {
  const [a, b] = [results(before), results({ id: AFTER, header: OTHER_COMMIT, ...after })]
  const found = judged({ header: OTHER_COMMIT, ...after }, DEFAULT_RULE, before)
  if (found.kind === 'refused') throw new Error(found.reasons.map(({ message }) => message).join())
  return compareRuns({ results: a, logs: null }, { results: b, logs: null }, found)
}

const wordsIn = ({ tiers }: Comparison) =>
  Object.fromEntries(tiers.filter(({ word }) => word !== 'same').map(({ id, word }) => [id, word]))

describe('two runs may be compared', () => {
  it.each<[string, Made, string | null]>([
    ['where nothing differs', {}, null],
    ['where the load differs', { more: [environment({})] }, null],
    ['where the commit differs', { header: OTHER_COMMIT }, 'recipe'],
    ['where cc-ci differs', { header: OTHER_TOOL }, 'tool'],
    ['where the engine differs', { more: [environment({ engine: '29.5.0' })] }, 'environment'],
    ['where an image moved', { more: [image('pocketbase:0.40.6', 'sha256:cc33')] }, 'environment'],
    ['where the base differs', { header: { base: { ...HEADER.base, commit: 'd'.repeat(40) } as never } }, 'base'],
    [
      'where the operator sets something else',
      { header: { customization: { ...HEADER.customization, config: { 'health.path': '/up' } } } },
      'settings',
    ],
    [
      'where the base differs because the recipe does',
      { header: { ...OTHER_COMMIT, base: { ...HEADER.base, commit: 'd'.repeat(40) } as never } },
      'recipe',
    ],
    [
      'where the recipe brings other settings',
      {
        header: {
          ...OTHER_COMMIT,
          customization: {
            ...HEADER.customization,
            ...{ config: { 'health.path': '/up' }, sources: { 'health.path': 'cc-ci/cc-ci.yml:2:9' } },
          },
        },
      },
      'recipe',
    ],
    [
      'where both use another reference',
      { header: OTHER_COMMIT, more: [image('pocketbase:0.41', 'sha256:dd')] },
      'recipe',
    ],
  ])('%s', (_name, after, about) => {
    expect(judged(after)).toMatchObject({ kind: 'comparable', about })
  })

  it('where the work tree had changes, which no commit names', () => {
    const dirty = { recipe: { ...HEADER.recipe, dirty: true } }
    expect(judged({ header: dirty }, DEFAULT_RULE, { header: dirty })).toMatchObject({ about: 'recipe' })
  })

  it('where the memory of the machine is told a little otherwise, and not where it is another machine', () => {
    expect(judged({ more: [environment({ memoryBytes: 4_100_000_000 })] })).toMatchObject({ about: null })
    expect(judged({ more: [environment({ memoryBytes: 8_000_000_000 })] })).toMatchObject({ about: 'environment' })
  })
})

describe('two runs may not be compared', () => {
  it.each<[string, Made, string, RegExp]>([
    ['of two recipes', { header: { recipe: { ...HEADER.recipe, name: 'nextcloud' } } }, 'another-recipe', /nextcloud/],
    ['continued', { header: { resumed: { run: BEFORE, after: 'backup' } } }, 'resumed', /continued from run/],
    ['stopped', { more: [{ type: 'run.interrupted', signal: 'SIGTERM' }] }, 'not-whole', /stopped or killed/],
    ['of two meanings', { header: { evidenceSchema: 2 } }, 'other-schema', /schema 1 against 2/],
    ['of a version that says no meaning', { header: { evidenceSchema: undefined } }, 'other-schema', /earlier version/],
    ['far apart', { startedAt: '2027-01-20T10:00:00.000Z' }, 'too-old', /60 d 23 h apart, and 28 d/],
    ['by two changes', { header: { ...OTHER_COMMIT, ...OTHER_TOOL } }, 'more-than-one', /commit .*itself/],
    [
      'by a change and an image that moved',
      { header: OTHER_COMMIT, more: [image('pocketbase:0.40.6', 'sha256:cc33')] },
      'more-than-one',
      /image pocketbase:0\.40\.6 sha256:bb22 -> sha256:cc33/,
    ],
  ])('%s', (_name, after, code, message) => {
    const found = judged(after)
    expect(found).toMatchObject({ kind: 'refused', reasons: [{ code, message: expect.stringMatching(message) }] })
  })

  it('unless the caller says what may differ too: then it is said', () => {
    const both = { header: { ...OTHER_COMMIT, ...OTHER_TOOL } }
    expect(judged(both, { ...DEFAULT_RULE, despite: ['tool'] })).toMatchObject({ kind: 'comparable', about: 'recipe' })
    expect(judged(both, { ...DEFAULT_RULE, despite: ['environment'] })).toMatchObject({ kind: 'refused' })
  })

  it('that are one', () => {
    expect(judged({ id: BEFORE })).toMatchObject({ kind: 'refused', reasons: [{ code: 'same-run' }] })
  })
})

describe('a word for each tier', () => {
  const statuses = Object.keys(CHANGE_WORDS) as (keyof typeof CHANGE_WORDS)[]
  const tier = (status: keyof typeof CHANGE_WORDS, more: object = {}) =>
    ({ id: 'install', status, durationMs: 1, ...more }) as Parameters<typeof wordOf>[0]

  test.each(statuses.flatMap((a) => statuses.map((b) => [a, b] as const)))('%s, then %s', (a, b) => {
    const word = wordOf(tier(a), tier(b))
    // Only what both judged can have regressed or been fixed, and nothing is said of what was not judged after.
    const judgedBoth = ['pass', 'fail'].includes(a) && ['pass', 'fail'].includes(b)
    if (word === 'regression') expect([a, b]).toEqual(['pass', 'fail'])
    if (word === 'fixed') expect([a, b]).toEqual(['fail', 'pass'])
    if (b === 'unverified' || b === 'not-judged') expect(word).toBe('unknown')
    else if (b === 'fail' && !judgedBoth) expect(word).toBe('new failure')
    else if (b === 'pass' && !judgedBoth) expect(word).toBe('new pass')
  })

  it('another cause, or the same of another service, is another failure', () => {
    const why = (code: string, service: string) => ({ cause: { code, blame: 'recipe', service } })
    expect(wordOf(tier('fail', why('crash-loop', 'app')), tier('fail', why('crash-loop', 'app')))).toBe('still failing')
    expect(wordOf(tier('fail', why('crash-loop', 'app')), tier('fail', why('oom-killed', 'app')))).toBe('other failure')
    expect(wordOf(tier('fail', why('crash-loop', 'app')), tier('fail', why('crash-loop', 'db')))).toBe('other failure')
  })

  it('what passed on a second attempt only is unstable, and fails by chance where it failed so before', () => {
    const flaky = { flaky: 'not-converged' }
    expect(wordOf(tier('pass'), tier('pass', flaky))).toBe('unstable')
    expect(wordOf(tier('fail'), tier('pass', flaky))).toBe('unstable')
    expect(wordOf(tier('pass', flaky), tier('pass'))).toBe('unstable')
    const fails = (code: string) => tier('fail', { cause: { code, blame: 'recipe' } })
    expect(wordOf(tier('pass', flaky), fails('not-converged'))).toBe('unstable')
    expect(wordOf(tier('pass', flaky), fails('oom-killed'))).toBe('regression')
  })
})

function image(ref: string, id: string, sizeBytes = 1): EventDraft {
  return { type: 'image', service: 'app', ref, id, sizeBytes }
}

describe('a comparison', () => {
  it('of equal runs finds nothing', () => {
    const same = compared({})
    expect(same).toMatchObject({ result: 'same', tests: [], findings: [], images: [], newWarnings: null })
    expect(wordsIn(same)).toEqual({})
    expect(same.times.some(({ notable }) => notable)).toBe(false)
  })

  it('names what got worse, and what follows from it', () => {
    const worse = compared({ fails: { upgrade: crash } })
    expect(worse.result).toBe('worse')
    expect(wordsIn(worse)).toMatchObject({ upgrade: 'regression' })
  })

  it('names what was fixed', () => {
    expect(compared({}, { fails: { restore: cause('data-lost', 'gone') } })).toMatchObject({ result: 'better' })
  })

  it('does not call better or the same what it did not see', () => {
    const skip: EventDraft = { type: 'tier.skipped', tier: 'upgrade', kind: 'not-selected', reason: 'not asked for' }
    const after = results({ id: AFTER, header: OTHER_COMMIT })
    const tiers = after.tiers.map((tier) =>
      tier.id === 'upgrade' ? { ...tier, status: 'skip' as const, skipKind: skip.kind } : tier,
    )
    const found = judged({ header: OTHER_COMMIT })
    if (found.kind === 'refused') throw new Error('refused')
    const side = (one: typeof after) => ({ results: one, logs: null })
    expect(compareRuns(side(results()), side({ ...after, tiers }), found).result).toBe('unknown')
  })

  it('tells tests, findings, images, memory and pictures that are others', () => {
    const row = (title: string, status: 'passed' | 'failed') =>
      ({ type: 'test', tier: 'functional', test: { title, file: 'a.spec.ts', status, durationMs: 1 } }) as const
    const held = (bytes: number) => ({ type: 'memory', tier: 'install', service: 'app', bytes }) as const
    const finding = (message: string, where: string): EventDraft => {
      return { type: 'finding', code: 'CC13', severity: 'warning', message, where }
    }
    const before = {
      more: [row('logs in', 'passed'), row('old', 'passed'), held(1e8), finding('port 80', 'a.yml:1:1')],
    }
    const change = compared(
      {
        more: [
          ...[row('logs in', 'failed'), row('new', 'passed'), held(3e8), image('pocketbase:0.41', 'sha256:dd44', 2)],
          ...[finding('port 81', 'a.yml:9:1'), finding('host mode', 'a.yml:2:1')],
          { type: 'artifact', kind: 'screenshot', path: 'artifacts/install.png', sha256: '1'.repeat(64) },
        ],
      },
      before,
    )
    expect(change.tests).toEqual([
      { title: 'logs in', file: 'a.spec.ts', word: 'regression' },
      { title: 'new', file: 'a.spec.ts', word: 'appeared' },
      { title: 'old', file: 'a.spec.ts', word: 'disappeared' },
    ])
    expect(change.findings.map(({ word, message }) => [word, message])).toEqual([['appeared', 'host mode']])
    expect(change.images).toEqual([
      { service: 'app', before: 'pocketbase:0.40.6 (bb22)', after: 'pocketbase:0.41 (dd44)' },
    ])
    expect(change.memory).toEqual([{ name: 'app', before: 1e8, after: 3e8, notable: true }])
    expect(change.screenshots).toEqual([{ path: 'artifacts/install.png', same: false }])
  })

  it('tells what the operator has to give and gets, only where both runs say', () => {
    const contract = {
      ...{ variables: ['DOMAIN'], mustBeSet: [], secrets: ['db'], services: ['app'] },
      ...{ volumes: ['data'], ports: [], routes: ['DOMAIN/'] },
    }
    const more = { ...contract, variables: ['DOMAIN', 'SMTP'], mustBeSet: ['SMTP'], volumes: [] }
    expect(compared({ header: { ...OTHER_COMMIT, contract: more } }).contract).toBeNull()
    expect(compared({ header: { ...OTHER_COMMIT, contract: more } }, { header: { contract } }).contract).toEqual([
      { kind: 'variable', name: 'SMTP', word: 'appeared' },
      { kind: 'must be set', name: 'SMTP', word: 'appeared' },
      { kind: 'volume', name: 'data', word: 'disappeared' },
    ])
  })
})
