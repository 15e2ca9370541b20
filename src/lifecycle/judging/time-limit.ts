/** How Playwright says that a test, an expectation or an action reached its time limit. */
const OUT_OF_TIME = /\b(?:timed out|timeout)\b[^\n]*?\b(\d+) ?ms\b/i

/** The time limit, in ms, that ended a test with this error; null: it failed otherwise. */
export function timeLimitOf(error: string | undefined): number | null {
  const [, ms] = OUT_OF_TIME.exec(error ?? '') ?? []
  return ms === undefined ? null : Number(ms)
}
