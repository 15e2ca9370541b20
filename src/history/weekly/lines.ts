import { haveSameMeaning } from '../compare/dimensions.ts'
import type { RunSummary, TierSummary } from '../run-summary.ts'
import type { RunReference, Track } from './report.ts'

/** How one tier ended in one run. */
export interface TierOutcome {
  readonly run: RunSummary
  /** When the run began, in epoch ms. */
  readonly at: number
  readonly tier: TierSummary
}

/** One tier of one recipe on one track, through time. */
export interface Line {
  readonly recipe: string
  readonly track: Track
  /** Oldest first. */
  readonly judged: readonly TierOutcome[]
}

/** Of runs in the order of time. Runs that were cut short judge nothing, nor does what nobody ever committed. */
export function linesOf(runs: readonly RunSummary[]): Line[] {
  const found = new Map<string, { recipe: string; track: Track; judged: TierOutcome[] }>()
  for (const run of runs) {
    if (!run.whole || run.recipe.dirty) continue
    const { name: recipe } = run.recipe
    const track = trackOf(run)
    const at = Date.parse(run.startedAt)
    for (const tier of run.tiers) {
      if (tier.id === 'teardown' || (tier.status !== 'pass' && tier.status !== 'fail')) continue
      const key = `${tier.id} ${track} ${recipe}`
      const line = found.get(key) ?? { recipe, track, judged: [] }
      line.judged.push({ run, at, tier })
      found.set(key, line)
    }
  }
  return [...found.values()]
}

/** As it was before that moment (epoch ms): without what came later, and without outcomes that do not mean what those of the newest run mean. */
export function lineBefore({ judged, ...line }: Line, to: number): Line {
  const last = judged.findLastIndex(({ at }) => at < to)
  const newest = judged[last]?.run
  const known = newest ? judged.slice(0, last + 1) : []
  return { ...line, judged: known.filter(({ run }) => run === newest || (newest && haveSameMeaning(run, newest))) }
}

export function trackOf({ recipe }: RunSummary): Track {
  return recipe.released ? 'release' : 'head'
}

export function evidenceOf({ id, startedAt, recipe }: RunSummary): RunReference {
  const { commit, dirty, released = null } = recipe
  return { run: id, at: startedAt, commit, dirty, released }
}
