import { EXIT } from '../../lib/errors.ts'
import { WORSE } from '../compare/messages.ts'
import type { Matrix } from './record.ts'

/** A sweep in one word. `nothing`: no cell has a verdict. */
export type SweepVerdict = 'fail' | 'worse' | 'unverified' | 'pass' | 'nothing'

export function sweepVerdictOf({ cells, notes }: Pick<Matrix, 'cells' | 'notes'>): SweepVerdict {
  const having = (status: string) => cells.some((cell) => cell.status === status)
  if (!having('pass') && !having('fail')) return 'nothing'
  if (having('fail')) return 'fail'
  if (cells.some(({ change }) => change !== null && WORSE.includes(change.word))) return 'worse'
  return having('unverified') || notes.some(({ severity }) => severity === 'error') ? 'unverified' : 'pass'
}

/** 0 nothing is red and nothing worse, 1 a recipe failed or regressed, 3 something was not judged, or nothing at all. */
export const SWEEP_EXITS: Readonly<Record<SweepVerdict, number>> = {
  fail: EXIT.fail,
  worse: EXIT.fail,
  unverified: EXIT.unverified,
  nothing: EXIT.unverified,
  pass: EXIT.pass,
}
