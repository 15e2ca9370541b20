import { describe, expect, it } from 'vitest'
import { tierReporter } from '../../src/lifecycle/reporter.ts'
import type { EventDraft } from '../../src/verdict/events.ts'

function listening() {
  const events: EventDraft[] = []
  let now = 1000
  const clock = { now: () => (now += 5), sleep: () => Promise.resolve() }
  const waited: string[] = []
  const reporter = tierReporter('resilience', {
    events: { append: (event) => void events.push(event) },
    clock,
    onWaiting: ({ name }) => waited.push(name),
  })
  return { events, reporter, waited }
}

describe('the reporter of a tier', () => {
  it('names a check for readers and says by id which it is', () => {
    const { events, reporter } = listening()
    reporter.after({ kind: 'kill', service: 'app' }).check('converged', 'pass')
    expect(events).toEqual([
      {
        ...{ type: 'check', tier: 'resilience', id: 'converged', after: { kind: 'kill', service: 'app' } },
        ...{ name: 'every service converged after app was killed', outcome: 'pass' },
      },
    ])
  })

  it('keeps quiet of checks and evidence only, whatever it is asked after', () => {
    const { events, reporter, waited } = listening()
    const quiet = reporter.quiet().after({ kind: 'redeploy' })
    quiet.check('converged', 'pass')
    quiet.evidence({ kind: 'no-http', reason: 'a worker' })
    quiet.onWaiting({ id: 'last', name: 'x', reason: 'y', waitedMs: 1, timeoutMs: 2 })
    expect(events.map(({ type }) => type)).toEqual(['wait.progress'])
    expect(waited).toEqual(['x'])
  })

  it('records when an operation began and ended, also one that fails', async () => {
    const { events, reporter } = listening()
    const failing = reporter.operation({ kind: 'kill', service: 'db' }, () => Promise.reject(new Error('gone')))
    await expect(failing).rejects.toThrow('gone')
    const facts = { tier: 'resilience', kind: 'kill', service: 'db', operation: 'kill db' }
    expect(events).toEqual([
      { type: 'operation.started', ...facts },
      { type: 'operation.ended', ...facts, ms: 5 },
    ])
  })

  it('skips its own tier', () => {
    const { events, reporter } = listening()
    reporter.skip('nothing to kill')
    expect(events).toEqual([
      { type: 'tier.skipped', tier: 'resilience', kind: 'structural', reason: 'nothing to kill' },
    ])
  })
})
