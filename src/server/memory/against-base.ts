import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BaseCommit, type BaseLookup, basesOf, type FoundBase, findBase } from '../../history/against-base.ts'
import { DEFAULT_RULE } from '../../history/compare/comparable.ts'
import { type Comparison, compareRuns } from '../../history/compare/comparison.ts'
import { type RunSummary, summaryOf } from '../../history/run-summary.ts'
import { redSince, type Since } from '../../history/since.ts'
import type { Clock } from '../../lib/async/clock.ts'
import type { Masker } from '../../lib/masking/mask.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import type { RunRow } from '../contract/store.ts'
import { RunFiles } from '../storage/files/run-files.ts'
import { comparisonSide } from './comparison-side.ts'
import { KnownRuns } from './known-runs.ts'

/** Comparisons that are kept: both runs have ended, and only pruning changes what can be said of them. */
const MOST_KEPT = 200

/** A run of a pull request against its base. */
export type AgainstBase =
  | {
      readonly kind: 'compared'
      /** The target branch. */
      readonly branch: string
      readonly base: BaseCommit
      readonly comparison: Comparison
      /** The run of the base: the id of its folder, and of its page; null: `cc-ci test` made it by hand, and no page shows it. */
      readonly before: { readonly run: string; readonly page: string | null }
    }
  | {
      readonly kind: 'none'
      readonly branch: string
      /** For people, without markup, each for itself. */
      readonly why: readonly string[]
      /** The commit of which a run would fix it; null: no run would. */
      readonly missing: string | null
    }

export interface BaseMemory {
  /** Null: it is no ended run of a pull request, or its results cannot be read. Derived from the run folders alone. */
  against(row: RunRow): Promise<AgainstBase | null>
  /** What is known of these runs, by the id of their folder. */
  summaries(folders: readonly string[]): ReadonlyMap<string, RunSummary>
  /** Since when the tier does not pass that decided this ended run; null: it passed, or its results cannot be read. */
  since(row: RunRow): Since | null
  /** What is known from now on includes these run folders. Without any: what there is, so that the first page need not wait for it. */
  learn(...folders: readonly string[]): void
}

export interface BaseMemoryDeps {
  readonly state: string
  readonly clock: Pick<Clock, 'now'>
  readonly masker: Pick<Masker, 'mask'>
}

export function createBaseMemory({ state, clock, masker }: BaseMemoryDeps): BaseMemory {
  const known = new KnownRuns(state, clock)
  const files = new RunFiles(state)
  const cached = new Map<string, Comparison>()

  const compared = (after: string, found: Extract<FoundBase, { kind: 'found' }>): Comparison => {
    const before = found.run.id
    const key = [after, before].map((run) => `${run} ${isPruned(state, run)}`).join(' ')
    const comparison =
      cached.get(key) ??
      compareRuns(comparisonSide(state, before, masker), comparisonSide(state, after, masker), found.found)
    if (cached.size >= MOST_KEPT) cached.clear()
    cached.set(key, comparison)
    return comparison
  }

  return {
    learn: (...folders) => void known.including(...folders),

    summaries(folders) {
      const wanted = new Set(folders)
      return new Map(known.including(...folders).flatMap((run) => (wanted.has(run.id) ? [[run.id, run]] : [])))
    },

    since({ folder, state: ended }) {
      if (ended !== 'done') return null
      return redSince(known.including(folder), folder)
    },

    async against({ request, state: ended, folder }) {
      const { pull } = request
      if (!pull || request.why || ended !== 'done') return null
      const branch = pull.baseRef
      const bases = pull.target ? basesOf(pull.target) : []
      if (bases.length === 0) return { kind: 'none', branch, why: [NO_TARGET], missing: null }
      try {
        const runs = known.including(folder)
        const after = runs.find(({ id }) => id === folder) ?? summaryOf(comparisonSide(state, folder, masker).results)
        const found = findBase(runs, after, { bases, rule: DEFAULT_RULE })
        if (found.kind === 'none') return noneOf(branch, found.looked)
        const page = (await files.readRequest(found.run.id))?.page ?? null
        const before = { run: found.run.id, page }
        return { kind: 'compared', branch, base: found.base, comparison: compared(folder, found), before }
      } catch {
        // What exactly is wrong with a file of ours is nothing for a comment.
        return { kind: 'none', branch, why: [UNREADABLE], missing: null }
      }
    },
  }
}

const NO_TARGET = 'what it was asked with does not name the commit of the target branch: ask for a new run'

const UNREADABLE = 'the results of one of the two runs cannot be read'

function noneOf(branch: string, looked: readonly BaseLookup[]): AgainstBase {
  const why = looked.flatMap(({ base, runs, why: reasons }) => {
    const at = `${branch} at ${base.commit.slice(0, 12)}`
    if (runs === 0) return [`no run of ${at} is kept`]
    return reasons.map((reason) => `${runs} ${runs === 1 ? 'run' : 'runs'} of ${at}, not to be compared: ${reason}`)
  })
  return { kind: 'none', branch, why: [...new Set(why)], missing: looked[0]?.base.commit ?? null }
}

function isPruned(state: string, run: string): boolean {
  return existsSync(join(runFolder(state, run).dir, 'pruned.json'))
}
