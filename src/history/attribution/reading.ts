import type { Draw, Signature } from './contract.ts'
import { keyOf } from './signature.ts'

/**
 * Draws that must agree before a cell is decisive. `paired`: another cell ends alike, so that twice as many agree; `alone`: none does, because there are only two
 * cells, or because one of four ends as no other. Chance of one half then makes a wrong blame in under one attribution of fifty.
 */
const NEEDED = { paired: 3, alone: 5 } as const
/** The same where every draw is one failure that would come again, says the run itself. */
const NEEDED_DETERMINISTIC = { paired: 2, alone: 3 } as const
/** So often a tier may end without a judgement before the cell is given up. */
const UNJUDGED_ALLOWED = 3

export type SampleRole = keyof typeof NEEDED

/** What the draws of one cell say about one tier. */
export interface Reading {
  /**
   * `stable`: it always passes, or never; `flaky`: both; `few`: what there is agrees, but is too little; `infra`: it could not be judged, again
   * and again; `not-run`: no draw is evidence, because none was made or an earlier tier was in the way.
   */
  readonly kind: 'stable' | 'flaky' | 'few' | 'infra' | 'not-run'
  /** How often each ending was seen, evidence only. */
  readonly seen: readonly CountedEnding[]
  /** Whether another run of the cell may change the reading. */
  readonly open: boolean
}

export interface CountedEnding {
  readonly key: string
  readonly signature: Signature
  readonly times: number
}

export function readCell(draws: readonly Draw[], company: SampleRole): Reading {
  const seen = countEndings(draws)
  const evidence = seen.reduce((sum, { times }) => sum + times, 0)
  const unjudged = draws.filter((draw) => !draw.evidence && draw.because === 'unjudged').length
  const blocked = draws.length - evidence - unjudged
  if (isMixed(seen)) return { kind: 'flaky', seen, open: false }
  const [only, other] = seen
  const sure = only !== undefined && other === undefined && only.signature.deterministic
  const needed = (sure ? NEEDED_DETERMINISTIC : NEEDED)[company]
  if (evidence >= needed) return { kind: 'stable', seen, open: false }
  const givenUp = unjudged >= UNJUDGED_ALLOWED
  const open = !givenUp && evidence + blocked < needed
  if (givenUp) return { kind: 'infra', seen, open }
  return { kind: evidence > 0 ? 'few' : 'not-run', seen, open }
}

/** The endings among the draws, evidence only. */
export function countEndings(draws: readonly Draw[]): CountedEnding[] {
  const seen = new Map<string, CountedEnding>()
  for (const draw of draws) {
    if (!draw.evidence) continue
    const key = keyOf(draw.signature)
    seen.set(key, { key, signature: draw.signature, times: (seen.get(key)?.times ?? 0) + 1 })
  }
  return [...seen.values()]
}

/** True where a tier now passes and now does not. One that fails in two ways fails. */
function isMixed(seen: readonly CountedEnding[]): boolean {
  return seen.length > 1 && seen.some(({ signature }) => signature.status === 'pass' || signature.status === 'skip')
}

/** Whether a failure of the one was seen in the other, or both pass. */
export function matches(one: readonly CountedEnding[], other: readonly CountedEnding[]): boolean {
  return one.some(({ key }) => other.some((theirs) => theirs.key === key))
}
