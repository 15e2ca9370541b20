import { flakesOf } from '../../history/flakes/of-run.ts'
import { chanceTexts } from '../../report/flake-memory.ts'
import type { Results } from '../../verdict/results.ts'

/** How often what passed on the second attempt only did so before, by the runs that this server keeps; nothing where nothing did. */
export function chanceIn(state: string, results: Results): string[] {
  return chanceTexts(flakesOf(state, results))
}
