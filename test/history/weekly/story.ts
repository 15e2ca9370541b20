import { cause } from '../../../src/verdict/causes.ts'
import type { EventDraft, RunHeader } from '../../../src/verdict/events.ts'
import type { Results } from '../../../src/verdict/results.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { ends } from '../../verdict/two-attempts.ts'
import { crash, flakyResults, type Made, results } from '../some-runs.ts'

export const rolledBack = cause('rolled-back', 'the engine went back to the old version', { service: 'app' })

/** `1123-101500`: month, day and time of a run in 2026. */
export function idOf(when: string, end = 'aaaaaa'): string {
  return `2026${when}-${end}`
}

interface About {
  readonly name: string
  /** Two hex digits of its commit. */
  readonly at?: string
  /** The tag on that commit. */
  readonly released?: string | null
  readonly version?: string
}

function header({ name, at = 'aa', released = null, version = released ?? '2.0.0+0.40.6' }: About): Partial<RunHeader> {
  const origin = `https://git.example.org/coop-cloud/${name}`
  return { recipe: { ...HEADER.recipe, name, origin, version, released, commit: at.repeat(20) } }
}

export const run = (id: string, about: About, made: Omit<Made, 'id' | 'header'> = {}): Results =>
  results({ ...made, id, header: header(about) })

const image = (id: string): EventDraft => ({ type: 'image', service: 'app', ref: 'docker.io/library/redis:7', id })

/**
 * The week 2026-W48 (23 to 29 November) of a few recipes, with what was before and after it: something for each section of the report.
 */
export function story(): Results[] {
  const gitea = { name: 'gitea', released: '3.2.0+1.24.1' }
  const untested = (made: Results): Results => ({
    ...made,
    tiers: made.tiers.map((tier) =>
      tier.id === 'functional' || tier.id === 'integration'
        ? { ...tier, status: 'skip', skipKind: 'structural', reason: 'none', evidence: [], tests: [], checks: [] }
        : tier,
    ),
  })
  return [
    // Regressed in the week.
    run(idOf('1116-101500'), gitea),
    run(idOf('1124-101500'), gitea, { fails: { upgrade: rolledBack } }),
    // Red for weeks, and green on a commit that is not released.
    run(idOf('1101-090000'), { name: 'wiki', released: '1.0.0+2' }, { fails: { backup: crash } }),
    run(idOf('1110-090000'), { name: 'wiki', released: '1.0.0+2' }, { fails: { backup: crash } }),
    run(idOf('1123-090000'), { name: 'wiki', released: '1.0.0+2' }, { fails: { backup: crash } }),
    run(idOf('1125-090000'), { name: 'wiki', at: 'bb', version: '1.0.0+2' }),
    // Fixed in the week.
    run(idOf('1117-080000'), { name: 'blog', released: '4.0.0+1' }, { fails: { install: crash } }),
    run(idOf('1126-080000'), { name: 'blog', at: 'cc', released: '4.0.1+1' }),
    // Flaky.
    flakyResults(
      { id: idOf('1127-080000'), header: header({ name: 'chat', released: '1.1.0+1' }) },
      { restore: ends('restore', 'not-converged') },
    ),
    run(idOf('1128-080000'), { name: 'chat', released: '1.1.0+1' }),
    // Routine, without tests, and its image moved.
    untested(
      run(idOf('1118-070000'), { name: 'cache', released: '0.1.0+7' }, { more: [image('sha256:aaaa1111aaaa1111')] }),
    ),
    untested(
      run(idOf('1129-070000'), { name: 'cache', released: '0.1.0+7' }, { more: [image('sha256:bbbb2222bbbb2222')] }),
    ),
    run(idOf('1129-080000'), { name: 'notes', released: '2.0.0+0.40.6' }),
    // After the week.
    run(idOf('1130-080000'), gitea),
  ]
}
