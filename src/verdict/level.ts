import type { TierResult } from './results.ts'
import { RUNGS, TIERS } from './tiers.ts'

type Judged = Pick<TierResult, 'id' | 'status' | 'skipKind'> & Partial<Pick<TierResult, 'tests'>>
type RungState = 'passed' | 'open' | 'stop'

/**
 * The highest rung passed whose lower rungs are all passed or skipped for a structural or declared reason; 0 for none. A rung
 * that is skipped, wholly or in a part that it is named after, is stepped over and raises nothing. One in which a quarantined test failed is not
 * passed: what is excused for the verdict is reached by nobody.
 */
export function levelOf(tiers: readonly Judged[]): number {
  let level = 0
  for (const rung of Object.keys(RUNGS).map(Number)) {
    const state = rungState(tiers.filter(({ id }) => TIERS[id].rung === rung))
    if (state === 'stop') break
    if (state === 'passed') level = rung
  }
  return level
}

/** What a person calls a level: the name of its rung. */
export function levelName(level: number): string {
  return RUNGS[level as keyof typeof RUNGS] ?? 'none'
}

function rungState(tiers: readonly Judged[]): RungState {
  if (tiers.length === 0 || !tiers.every((tier) => isReached(tier) || needNotBeClimbed(tier))) return 'stop'
  const passed = tiers.filter(({ status }) => status === 'pass')
  const enough = tiers.every(({ id, status }) => status === 'pass' || TIERS[id].optional)
  return passed.length > 0 && enough ? 'passed' : 'open'
}

function isReached({ status, tests = [] }: Judged): boolean {
  return status === 'pass' && !tests.some((test) => test.status === 'failed' && test.quarantined)
}

function needNotBeClimbed({ status, skipKind }: Judged): boolean {
  return status === 'skip' && (skipKind === 'structural' || skipKind === 'declared')
}
