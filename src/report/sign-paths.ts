import type { TierStatus } from '../verdict/results.ts'

/** The sign of each outcome as lines in a square of 12, for pictures: fonts differ, and many have no such signs. */
export const SIGN_PATHS: Readonly<Record<TierStatus, string>> = {
  pass: 'M2 6.5 5 9.5 10 3',
  fail: 'M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5',
  unverified: 'M3.8 4.2a2.2 2.2 0 1 1 3.4 1.9q-1.2 .7-1.2 1.7M6 10.3v.1',
  skip: 'M2.5 6h7',
}
