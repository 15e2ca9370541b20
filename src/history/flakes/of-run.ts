import type { Results } from '../../verdict/results.ts'
import { readRunIndex } from '../run-index.ts'
import { type RunSummary, summaryOf } from '../run-summary.ts'
import { type FlakeMemory, flakeMemory } from './memory.ts'

/** What is remembered of whatever passed on a second attempt only in this run, as of that run; empty where nothing did. */
export function flakesOf(state: string, results: Results): FlakeMemory[] {
  const run = summaryOf(results)
  return isFlaky(run) ? flakesIn(readRunIndex(state).runs, run) : []
}

function isFlaky({ tiers }: RunSummary): boolean {
  return tiers.some(({ flaky }) => flaky !== undefined)
}

/** Whether or not the run is among the others already. */
function flakesIn(runs: readonly RunSummary[], run: RunSummary): FlakeMemory[] {
  const all = [run, ...runs.filter(({ id }) => id !== run.id)]
  const memory = flakeMemory(all, { recipe: run.recipe.name, until: Date.parse(run.startedAt) })
  return memory.filter(({ newest }) => newest === run.id)
}
