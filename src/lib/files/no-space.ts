/** What the system says (and programs and engines quote) of a disk, or a quota, that is full. */
const WORDS = /no space left on device|disk quota exceeded/i
const CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT']

/** Whether an error, or one that caused it, means that there is no room on a disk, be it told by the system itself or quoted by the engine. */
export function isNoSpace(error: unknown): error is Error {
  if (!(error instanceof Error)) return false
  return CODES.includes((error as NodeJS.ErrnoException).code) || WORDS.test(error.message) || isNoSpace(error.cause)
}
