/**
 * Meanings of outcomes (`EVIDENCE_SCHEMA`) between which a comparison is true all the same, each with why. Without a row here, runs of two
 * meanings are never compared.
 */
const EQUIVALENT: readonly Equivalence[] = []

interface Equivalence {
  readonly schemas: readonly [number, number]
  readonly why: string
}

/** Two meanings are the same by themselves or by a row of their own: rows are not chained. What says no meaning is like nothing. */
export function areEquivalent(a: number | null, b: number | null, table = EQUIVALENT): boolean {
  if (a === null || b === null) return false
  return a === b || table.some(({ schemas }) => schemas.includes(a) && schemas.includes(b))
}
