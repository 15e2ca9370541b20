import type { Results } from '../../verdict/results.ts'

/** The text of `results.json`: two spaces, keys in the order of the schema, a line end. */
export function resultsJson(results: Results): string {
  return `${JSON.stringify(results, null, 2)}\n`
}
