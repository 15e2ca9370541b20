import { describe, expect, it } from 'vitest'
import { upgradePath, upgradeSource } from '../../src/verdict/events.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { fold } from '../../src/verdict/fold.ts'
import { missingSteps } from '../../src/verdict/required-evidence.ts'
import { TIER_IDS } from '../../src/verdict/tiers.ts'
import { HEADER, PASSING, passingStream, passingTier } from './passing-stream.ts'

const B = { version: '1.1.0+1', commit: 'b'.repeat(40) }
const C = { version: '1.2.0+1', commit: 'c'.repeat(40) }
const base = { version: '1.0.0+1', commit: 'a'.repeat(40), source: 'pin' as const, via: [B, C] }

function steps(...taken: { version: string; commit: string }[]): Evidence {
  return { kind: 'steps', steps: taken.map((one) => ({ ...one, changed: ['app'], witnesses: 2, ms: 900 })) }
}

describe('an upgrade by way of other releases', () => {
  it('is told by all of them', () => {
    expect(upgradePath(base)).toBe('1.0.0+1 by way of 1.1.0+1, 1.2.0+1')
    expect(upgradeSource(base)).toEqual(C)
    const straight = { version: base.version, commit: base.commit }
    expect([upgradePath(straight), upgradeSource({ ...straight, source: 'tag' })]).toEqual(['1.0.0+1', straight])
  })

  it.each<[string | null | RegExp, readonly Evidence[]]>([
    [null, [steps(B, C)]],
    [/^nothing says that the app went by way/, []],
    [/went by way of 1\.1\.0\+1 \(bbbbbbbb\), not of/, [steps(B)]],
    [/not of/, [steps(C, B)]],
    [/is not whole: steps\.0\.changed/, [{ kind: 'steps', steps: [{ ...B, changed: [], witnesses: 1, ms: 1 }] }]],
  ])('%s', (expected, evidence) => {
    const found = missingSteps(evidence, base)
    if (expected instanceof RegExp) expect(found).toMatch(expected)
    else expect(found).toBe(expected)
  })

  it('asks nothing of an upgrade straight to head', () => expect(missingSteps([], { via: [] })).toBeNull())

  it('does not pass without them', () => {
    const results = fold(passingStream({}, { base }))
    expect(results.tiers.find(({ id }) => id === 'upgrade')).toMatchObject({
      status: 'unverified',
      cause: { code: 'evidence-missing' },
    })
  })
})

const ASKED = { selected: TIER_IDS }

describe('a way back', () => {
  const rollback = (results: ReturnType<typeof fold>) => results.tiers.find(({ id }) => id === 'rollback')
  const tampered = (change: object) => {
    const evidence = PASSING.rollback.map((piece) => (piece.kind === 'rolled-back' ? { ...piece, ...change } : piece))
    const events = passingTier('rollback').filter(({ type }) => type !== 'evidence')
    const pieces = evidence.map((piece) => ({
      type: 'evidence' as const,
      tier: 'rollback' as const,
      evidence: piece as Evidence,
    }))
    return rollback(fold(passingStream({ rollback: [...events.slice(0, -1), ...pieces, ...events.slice(-1)] }, ASKED)))
  }

  it('has no row where nobody asked for one', () => {
    const results = fold(passingStream())
    expect(results.tiers.map(({ id }) => id)).toEqual(TIER_IDS.filter((id) => id !== 'rollback'))
    expect(results).toMatchObject({ verdict: 'pass', level: 6 })
  })

  it('raises no level, and fails the run where it fails', () => {
    expect(fold(passingStream({}, ASKED))).toMatchObject({ verdict: 'pass', level: 6 })
    const missing = fold(passingStream({ rollback: [] }, ASKED))
    expect(rollback(missing)).toMatchObject({ status: 'unverified' })
    expect(missing).toMatchObject({ verdict: 'unverified', level: 6 })
  })

  it.each<[object, string]>([
    [{}, 'pass'],
    [{ commit: 'd'.repeat(40) }, 'unverified'],
    [{ snapshot: 'another-snapshot' }, 'unverified'],
    [{ files: 0 }, 'unverified'],
    [{ services: [{ service: 'app', before: 'sha256:aa11', now: 'sha256:bb22' }] }, 'unverified'],
    [{ emptied: [] }, 'unverified'],
  ])('with %j is %s', (change, status) => expect(tampered(change)).toMatchObject({ status }))

  it('is to the snapshot of the version before, not to that of head', () => {
    expect(HEADER.base?.commit).toBe(
      PASSING.rollback.flatMap((one) => (one.kind === 'rolled-back' ? [one.commit] : []))[0],
    )
  })
})
