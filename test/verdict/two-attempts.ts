import { type CauseCode, cause } from '../../src/verdict/causes.ts'
import type { EventDraft, RunEvent, RunHeader } from '../../src/verdict/events.ts'
import { type TierId, USUAL_TIERS } from '../../src/verdict/tiers.ts'
import { passingDrafts, passingTier, stamped } from './passing-stream.ts'

type Instead = Partial<Record<TierId, readonly EventDraft[]>>

const END = ['secrets.scanned', 'run.ended']

/** A run that was repeated: a first attempt, the mark, a second one, and the end. What is not given passes. Lint is in the first alone. */
export function twice(first: Instead, second: Instead = {}, header: Partial<RunHeader> = {}): RunEvent[] {
  return stamped([...drafts(first, header), ...again(2, second), ...ending()])
}

/** The same with a third attempt after it. */
export function thrice(first: Instead, second: Instead, third: Instead = {}): RunEvent[] {
  return stamped([...drafts(first, {}), ...again(2, second), ...again(3, third), ...ending()])
}

function drafts(instead: Instead, header: Partial<RunHeader>): EventDraft[] {
  return passingDrafts(instead, header).filter(({ type }) => !END.includes(type))
}

function again(attempt: number, instead: Instead): EventDraft[] {
  const tiers = USUAL_TIERS.filter((tier) => tier !== 'lint').flatMap((tier) => instead[tier] ?? passingTier(tier))
  return [{ type: 'attempt.started', attempt, because: 'a tier ended by chance' }, ...tiers]
}

function ending(): EventDraft[] {
  return passingDrafts().filter(({ type }) => END.includes(type))
}

/** A tier whose check ends with this cause; by default as its blame has it. */
export function ends(tier: TierId, code: CauseCode, message = 'seen'): EventDraft[] {
  const why = cause(code, message)
  const outcome = why.blame === 'recipe' ? 'fail' : 'unverified'
  return [
    { type: 'tier.started', tier },
    { type: 'check', tier, name: 'it works', outcome, cause: why },
    { type: 'tier.ended', tier },
  ]
}
