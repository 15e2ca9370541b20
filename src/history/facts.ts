/** One named fact that is not the same in two runs. Null: that run does not say. */
export interface FactDifference {
  readonly key: string
  readonly before: string | null
  readonly after: string | null
}

type Facts = Readonly<Record<string, string | null>>

/** Everything that differs between two sets of facts, by name; what one of them does not have counts as well. */
export function factDifferences(before: Facts, after: Facts): FactDifference[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return keys
    .map((key) => ({ key, before: before[key] ?? null, after: after[key] ?? null }))
    .filter((one) => one.before !== one.after)
}
