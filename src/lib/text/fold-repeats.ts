/**
 * Of lines that differ in numbers alone (times, process ids, counters) only the last stays, at its place, with a line behind it that says how
 * many there were: a program that tries again and again says one thing.
 */
export function foldRepeats(lines: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(withoutNumbers(line), (counts.get(withoutNumbers(line)) ?? 0) + 1)
  const left = new Map(counts)
  return lines.flatMap((line) => {
    const key = withoutNumbers(line)
    const later = (left.get(key) ?? 1) - 1
    left.set(key, later)
    if (later > 0) return []
    const more = (counts.get(key) ?? 1) - 1
    return more > 0 ? [line, `… ${more} more like this`] : [line]
  })
}

/** A line without its numbers: equal for what a program says again and again. Long runs of hexadecimal digits are numbers too: ids of requests and containers. */
export function withoutNumbers(line: string): string {
  return line.replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b|\d+/gi, '#')
}
