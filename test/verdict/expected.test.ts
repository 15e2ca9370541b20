import { describe, expect, it } from 'vitest'
import type { EventDraft } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { parseResults } from '../../src/verdict/results.ts'
import { passingDrafts, passingTier, stamped } from './passing-stream.ts'

const expected = {
  ...{ runs: 4, since: '2026-11-01T00:00:00.000Z', newest: '20261120-101500-aaaaaa' },
  tiers: [{ id: 'install', p50Ms: 40_000, p95Ms: 50_000, runs: 4 }],
  deploy: { p50Ms: 20_000, p95Ms: 30_000, runs: 4 },
} as const
const deadlines = { deploy: { ms: 600_000, source: 'default', why: 'the default' } } as const

describe('what earlier runs took', () => {
  it('and how long is waited at most stand in the results, as the run began with them', () => {
    const results = fold(stamped(passingDrafts({}, { expected, deadlines })))
    expect(results).toMatchObject({ expected, deadlines })
    expect(parseResults(JSON.parse(JSON.stringify(results)))).toEqual(results)
    expect(Object.keys(fold(stamped(passingDrafts())))).toEqual(expect.not.arrayContaining(['expected', 'deadlines']))
  })
})

describe('how long a deployment took until every service was up', () => {
  type Tier = 'install' | 'upgrade' | 'restore'
  const converged = (tier: Tier, outcome: 'pass' | 'fail' = 'pass'): EventDraft => ({
    ...{ type: 'check', tier, id: 'converged', name: 'every service is up', outcome },
  })
  const begun = (tier: Tier, kind: 'deploy' | 'upgrade' | 'restore'): EventDraft => ({
    ...{ type: 'operation.started', tier, kind, operation: kind },
  })
  /** A second passes from event to event. */
  const of = (tier: Tier, drafts: readonly EventDraft[]) => {
    const instead: EventDraft[] = [{ type: 'tier.started', tier }, ...drafts, { type: 'tier.ended', tier }]
    const others = { install: passingTier('install'), upgrade: passingTier('upgrade'), restore: passingTier('restore') }
    const { tiers } = fold(stamped(passingDrafts({ ...others, [tier]: instead })))
    return tiers.find(({ id }) => id === tier)?.convergedMs
  }
  const note: EventDraft = { type: 'note', text: 'a second passes' }

  it('is told of install and upgrade', () => {
    const one = of('install', [begun('install', 'deploy'), converged('install')])
    expect(one).toBeGreaterThan(0)
    expect(of('install', [begun('install', 'deploy'), note, note, converged('install')])).toBe((one ?? 0) * 3)
    expect(of('upgrade', [note, begun('upgrade', 'upgrade'), converged('upgrade')])).toBe(one)
  })

  it.each<[string, Tier, EventDraft[]]>([
    ['that never came up', 'install', [begun('install', 'deploy'), converged('install', 'fail')]],
    ['that did not begin', 'install', [converged('install')]],
    ['that began after the check', 'install', [converged('install'), begun('install', 'deploy')]],
    ['of something else', 'restore', [begun('restore', 'restore'), converged('restore')]],
  ])('is not told of one %s', (_, tier, drafts) => {
    expect(of(tier, drafts)).toBeUndefined()
  })
})
