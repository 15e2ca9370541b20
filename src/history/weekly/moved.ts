import type { RunSummary } from '../run-summary.ts'
import { evidenceOf } from './lines.ts'
import type { MovedImage } from './report.ts'
import type { Week } from './week.ts'

/** References that named another image in a run of the week than in the run before that used them, of whatever recipe; by reference. */
export function weeklyMovedImages(runs: readonly RunSummary[], { from }: Week): MovedImage[] {
  const last = new Map<string, { id: string; run: RunSummary }>()
  const moves = new Map<string, MovedImage>()
  for (const run of runs) {
    for (const { ref, id } of run.images) {
      const before = last.get(ref)
      last.set(ref, { id, run })
      if (!before || before.id === id || Date.parse(run.startedAt) < from) continue
      const earlier = moves.get(ref)
      moves.set(ref, {
        ref,
        before: earlier?.before ?? { id: before.id, run: evidenceOf(before.run) },
        after: { id, run: evidenceOf(run) },
        recipes: recipesOf(ref, runs),
      })
    }
  }
  return [...moves.values()]
    .filter(({ before, after }) => before.id !== after.id)
    .sort((a, b) => (a.ref < b.ref ? -1 : 1))
}

function recipesOf(ref: string, runs: readonly RunSummary[]): string[] {
  const users = runs.filter(({ images }) => images.some((image) => image.ref === ref))
  return [...new Set(users.map(({ recipe }) => recipe.name))].sort()
}
