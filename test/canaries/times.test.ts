import { describe, expect, it } from 'vitest'
import { NO_TIMES, timesOf } from '../../src/canaries/times.ts'
import { cause } from '../../src/verdict/causes.ts'
import type { CheckId } from '../../src/verdict/checks.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import type { TierId } from '../../src/verdict/tiers.ts'

const START = Date.parse('2026-11-29T09:00:00.000Z')
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString()

/** Events by the second in which they come. */
function stream(...rows: readonly [number, EventDraft][]): RunEvent[] {
  return rows.map(([second, draft], index) => ({ seq: index + 1, at: at(second), ...draft }))
}

const deployed = (tier: TierId): EventDraft => ({
  ...{ type: 'operation.ended', tier, operation: 'any', ms: 1 },
  kind: tier === 'upgrade' ? 'upgrade' : 'deploy',
})
const ended = (tier: TierId): EventDraft => ({ type: 'tier.ended', tier })
const fails = (tier: TierId, lines: string[] = [], id: CheckId = 'stayed-up'): EventDraft => ({
  ...{ type: 'check', tier, id, name: 'any', outcome: 'fail' },
  cause: cause('crash-loop', 'app ended', { lines }),
})
const task = (seconds: number) => `task a1 failed exit 9 at ${at(seconds).slice(0, 23)}: task: non-zero exit (9)`

describe('when a fault was known', () => {
  it('is counted from the last deployment and from the last end of a task to the end of its tier', () => {
    const events = stream(
      [1, deployed('install')],
      [4, { type: 'operation.ended', tier: 'install', kind: 'install-steps', operation: 'any', ms: 1 }],
      [5, ended('install')],
      [10, deployed('upgrade')],
      [30, ended('upgrade')],
      [33, { type: 'operation.ended', tier: 'resilience', kind: 'kill', operation: 'kill app', ms: 1 }],
      [40, fails('resilience', [task(20), task(38), 'at 2026-11-29T09:00:39.000 nothing'])],
      [41, ended('resilience')],
    )
    expect(timesOf(events, 'resilience')).toEqual({ sinceActMs: 31_000, sinceSignMs: 3_000 })
    expect(timesOf(events, 'upgrade')).toEqual({ sinceActMs: 20_000, sinceSignMs: null })
    expect(timesOf(events.slice(0, 3), 'install')).toEqual({ sinceActMs: 4_000, sinceSignMs: null })
  })

  it('is counted from what a later tier did, where that is what is judged', () => {
    const kill: EventDraft = { type: 'operation.ended', tier: 'resilience', kind: 'kill', operation: 'kill app', ms: 1 }
    const killedThen = (id: CheckId) =>
      stream([1, deployed('install')], [70, kill], [75, fails('resilience', [], id)], [76, ended('resilience')])
    expect(timesOf(killedThen('converged'), 'resilience').sinceActMs).toBe(6_000)
    expect(timesOf(killedThen('stayed-up'), 'resilience').sinceActMs).toBe(75_000)
    const steps: EventDraft = {
      type: 'operation.ended',
      tier: 'install',
      kind: 'install-steps',
      operation: 'any',
      ms: 1,
    }
    const installed: [number, EventDraft][] = [
      [3, steps],
      [9, fails('install', [], 'task-answers')],
      [9, ended('install')],
    ]
    expect(timesOf(stream([1, deployed('install')], ...installed), 'install').sinceActMs).toBe(8_000)
  })

  it('is counted from the begin of a later tier that does nothing to the app, and from the removal where no check decided', () => {
    const begun = (tier: TierId): EventDraft => ({ type: 'tier.started', tier })
    const asked = stream(
      [1, deployed('install')],
      [60, begun('functional')],
      [64, fails('functional', [], 'custom-tests')],
      [64, ended('functional')],
      [65, begun('teardown')],
      [67, { type: 'operation.ended', tier: 'teardown', kind: 'remove', operation: 'any', ms: 1 }],
      [70, ended('teardown')],
    )
    expect(timesOf(asked, 'functional').sinceActMs).toBe(4_000)
    expect(timesOf(asked, 'teardown').sinceActMs).toBe(3_000)
  })

  it('is that of the slowest attempt', () => {
    const events = stream(
      [1, deployed('install')],
      [9, fails('install', [task(8)])],
      [9, ended('install')],
      [20, { type: 'attempt.started', attempt: 2, because: 'install' }],
      [21, deployed('install')],
      [25, fails('install', [task(22)])],
      [25, ended('install')],
    )
    expect(timesOf(events, 'install')).toEqual({ sinceActMs: 8_000, sinceSignMs: 3_000 })
  })

  it('is counted from the begin of a deployment that the engine refused', () => {
    const begun: EventDraft = { type: 'operation.started', tier: 'install', kind: 'deploy', operation: 'deploy' }
    expect(timesOf(stream([2, begun], [5, fails('install')], [6, ended('install')]), 'install')).toEqual({
      ...NO_TIMES,
      sinceActMs: 4_000,
    })
  })

  it('is nothing where no tier decided, or where it did not end', () => {
    expect(timesOf(stream([1, deployed('install')], [2, ended('install')]), null)).toEqual(NO_TIMES)
    expect(timesOf(stream([1, deployed('install')]), 'install')).toEqual(NO_TIMES)
  })
})
