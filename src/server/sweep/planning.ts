import { readRunIndex } from '../../history/run-index.ts'
import type { RunSummary } from '../../history/run-summary.ts'
import { factsOf, unknownWorld } from '../../history/sweep/current-world.ts'
import { type Exclusion, readSweepList } from '../../history/sweep/list-file.ts'
import { planSweep } from '../../history/sweep/planning.ts'
import type { SweepNote, SweepPlan } from '../../history/sweep/record.ts'
import type { CurrentWorld } from '../../history/sweep/up-to-date.ts'
import { UsageError } from '../../lib/errors.ts'
import { toolIdentity } from '../../lib/version.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { SweepOrder } from '../contract/sweeps.ts'
import { type CandidateDeps, enrolledCandidates } from './candidates.ts'

export interface PlanDeps extends CandidateDeps {
  readonly settings: Pick<ServerSettings, 'state' | 'sweepList'>
  readonly largestWorker: () => Promise<number | null>
}

/** The plan of an order, as forge and enrollments are now. Throws ForgeError `forge-gone`. */
export async function planOrder(parts: PlanDeps, order: SweepOrder): Promise<SweepPlan> {
  const { settings, largestWorker } = parts
  const candidates = await enrolledCandidates(parts, order.only)
  const { exclude, notes } = exclusionsOf(settings.sweepList)
  const { runs } = readRunIndex(settings.state)
  const tool = await toolIdentity()
  return planSweep({
    ...{ id: order.id, now: Date.parse(order.at), by: order.by, place: 'server', mode: order.mode, only: order.only },
    ...{ candidates, exclude, notes, runs, flags: [] },
    world: order.mode === 'changed' ? lastSeenWorld(tool, runs) : unknownWorld(tool),
    bounds: { memoryBytes: (await largestWorker()) ?? Number.MAX_SAFE_INTEGER, jobs: 1 },
  })
}

/** A list that cannot be read excludes nothing, and says so on the matrix: a sweep that did not begin would be seen by nobody. */
function exclusionsOf(file: string | null): { exclude: readonly Exclusion[]; notes: SweepNote[] } {
  if (file === null) return { exclude: [], notes: [] }
  try {
    return { exclude: readSweepList(file).exclude, notes: [] }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    return { exclude: [], notes: [{ severity: 'error', code: error.code, message: error.message.slice(0, 1000) }] }
  }
}

/** Workers are elsewhere: the environment is that of the newest whole run, and an image is the one that was last seen under its name. */
function lastSeenWorld(tool: CurrentWorld['tool'], runs: readonly RunSummary[]): CurrentWorld {
  const newest = runs.find(({ whole, environment }) => whole && environment !== null)
  const images = new Map<string, string>()
  for (const run of runs) for (const { ref, id } of run.images) if (!images.has(ref)) images.set(ref, id)
  return {
    ...unknownWorld(tool),
    environment: newest ? factsOf(newest) : null,
    movedImage({ images: used }) {
      const moved = used.find(({ ref, id }) => images.get(ref) !== id)
      return moved ? `image ${moved.ref} is another` : null
    },
  }
}
