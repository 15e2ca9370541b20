/**
 * Meanings of outcomes (`EVIDENCE_SCHEMA`) between which a comparison is true all the same, each with why. Without a row here, runs of two
 * meanings are never compared.
 */
const EQUIVALENT: readonly { readonly schemas: readonly [number, number]; readonly why: string }[] = []

export function areEquivalent(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return false
  return a === b || EQUIVALENT.some(({ schemas }) => schemas.includes(a) && schemas.includes(b))
}
