import type { TierSummary } from '../run-summary.ts'

/** What became of one tier or test between two runs. */
export type Word =
  | 'same'
  | 'regression'
  | 'fixed'
  | 'new failure'
  | 'still failing'
  | 'other failure'
  | 'new pass'
  | 'appeared'
  | 'disappeared'
  | 'unstable'
  | 'unknown'

type Status = TierSummary['status']

/**
 * Before (down) to after (across). What was not judged before can neither have regressed nor been fixed: it is new. What is not judged after is
 * unknown, whatever it was. `still failing` becomes `other failure` where the cause is another.
 */
export const CHANGE_WORDS: Readonly<Record<Status, Readonly<Record<Status, Word>>>> = {
  pass: {
    ...{ pass: 'same', fail: 'regression', skip: 'disappeared' },
    ...{ unverified: 'unknown', 'not-judged': 'unknown' },
  },
  fail: {
    ...{ pass: 'fixed', fail: 'still failing', skip: 'disappeared' },
    ...{ unverified: 'unknown', 'not-judged': 'unknown' },
  },
  skip: {
    ...{ pass: 'new pass', fail: 'new failure', skip: 'same' },
    ...{ unverified: 'unknown', 'not-judged': 'unknown' },
  },
  unverified: {
    ...{ pass: 'new pass', fail: 'new failure', skip: 'unknown' },
    ...{ unverified: 'unknown', 'not-judged': 'unknown' },
  },
  'not-judged': {
    ...{ pass: 'new pass', fail: 'new failure', skip: 'unknown' },
    ...{ unverified: 'unknown', 'not-judged': 'unknown' },
  },
}

/** For a reader who meets the word for the first time. */
export const MEANINGS: Readonly<Record<Word, string>> = {
  same: 'as before',
  regression: 'it passed before and fails now',
  fixed: 'it failed before and passes now',
  'new failure': 'it fails now and was not judged before',
  'still failing': 'it failed before, for the same cause',
  'other failure': 'it failed before, for another cause',
  'new pass': 'it passes now and was not judged before',
  appeared: 'it was not there before',
  disappeared: 'it was there before',
  unstable: 'it passed on a second attempt only, in one of the two runs: chance may explain the difference',
  unknown: 'one of the two runs did not judge it',
}

/** These make a comparison red. */
export const WORSE: readonly Word[] = ['regression', 'new failure', 'other failure']

/** One tier of two runs in a word. */
export function wordOf(before: TierSummary, after: TierSummary): Word {
  const word = CHANGE_WORDS[before.status][after.status]
  if (after.flaky !== undefined || (before.flaky !== undefined && word === 'same')) return 'unstable'
  if (word === 'regression' && before.flaky === after.cause?.code) return 'unstable'
  return word === 'still failing' && !isSameCause(before, after) ? 'other failure' : word
}

function isSameCause({ cause: a }: TierSummary, { cause: b }: TierSummary): boolean {
  return a?.code === b?.code && a?.service === b?.service
}
