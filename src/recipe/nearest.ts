import { distance } from 'fastest-levenshtein'

/** The candidate a person most likely meant, or undefined when none is within a third of the word's length (at least 1). */
function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  const scored = [...candidates].map((candidate) => ({ candidate, far: distance(word, candidate) }))
  return scored.filter(({ far }) => far <= limit).sort((a, b) => a.far - b.far)[0]?.candidate
}

/** ` Did you mean "x"?`, or nothing: to be appended to a hint. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates)
  return found === undefined ? '' : ` Did you mean "${found}"?`
}
