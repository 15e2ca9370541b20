import { distance } from 'fastest-levenshtein'

/** Nobody means a name by a longer word, and looking for one takes time with the product of the lengths. */
const LONGEST = 100
const MOST_CANDIDATES = 500

/** The candidate a person most likely meant, or undefined when none is within a third of the word's length (at least 1). */
function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined
  const limit = Math.max(1, Math.floor(word.length / 3))
  const likely = [...candidates].filter(({ length }) => Math.abs(length - word.length) <= limit)
  const scored = likely.slice(0, MOST_CANDIDATES).map((candidate) => ({ candidate, far: distance(word, candidate) }))
  return scored.filter(({ far }) => far <= limit).sort((a, b) => a.far - b.far)[0]?.candidate
}

/** ` Did you mean "x"?`, or nothing: to be appended to a hint. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates)
  return found === undefined ? '' : ` Did you mean "${found}"?`
}
