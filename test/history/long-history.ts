import { mkdirSync, writeFileSync } from 'node:fs'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import type { Results } from '../../src/verdict/results.ts'
import { HEADER } from '../verdict/passing-stream.ts'
import { crash, results } from './some-runs.ts'

export interface LongHistory {
  /** Ids of the newest run of each recipe. */
  readonly newest: readonly string[]
  /** What the results of all runs are, as they were written. */
  readonly texts: readonly string[]
}

/**
 * Writes the results of so many runs of so many recipes, `recipe-0` and on: each recipe lives one run an hour, each of a commit of its own, and every
 * seventh run fails. `each` may write more into the folder of a run.
 */
export function writeLongHistory(
  state: string,
  { recipes, runs, each = () => {} }: LongHistorySize & { readonly each?: (made: Results) => void },
): LongHistory {
  const newest: string[] = []
  const texts: string[] = []
  for (let run = 0; run < runs; run++) {
    for (let recipe = 0; recipe < recipes; recipe++) {
      const at = new Date(Date.parse('2026-11-01T00:00:00Z') + run * 3_600_000 + recipe * 1000)
      const id = `${at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)}-aaaaaa`
      const commit = String(run).padStart(40, '0')
      const header = { recipe: { ...HEADER.recipe, name: `recipe-${recipe}`, commit } }
      const made = results({ id, header, ...((run + recipe) % 7 === 0 ? { fails: { upgrade: crash } } : {}) })
      const folder = runFolder(state, id)
      mkdirSync(folder.dir, { recursive: true })
      const text = JSON.stringify(made)
      writeFileSync(folder.results, text)
      each(made)
      texts.push(text)
      if (run === runs - 1) newest.push(id)
    }
  }
  return { newest, texts }
}

export interface LongHistorySize {
  readonly recipes: number
  readonly runs: number
}
