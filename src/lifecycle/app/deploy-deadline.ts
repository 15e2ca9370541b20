import type { LoadedSettings } from '../../config/load.ts'
import type { ServiceState } from '../../engine/types.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { formatLocation } from '../../lib/text/source-location.ts'
import type { Deadlines, Expectations } from '../../verdict/events.ts'

/** What a label may ask for at most; a setting may ask for as much. */
const LONGEST_MS = 2 * 60 * 60_000
/** A deployment may take so many times what nearly all of the earlier ones took. */
const MARGIN = 2
/** Memory raises to so many times what would be waited without it: as long as a deployment with progress may take anyway. */
const MOST_RAISED = 3

export type DeployDeadline = Deadlines['deploy']

export interface DeadlineFacts {
  readonly settings: Pick<LoadedSettings, 'settings' | 'sources'>
  /** What earlier runs took; null: none is remembered. */
  readonly expected: Pick<Expectations, 'deploy'> | null
}

/**
 * How long a deployment may take without progress, in ms: `timeouts.deploy` where it is set. Otherwise its default, or what the recipe tells
 * operators' clients (label `coop-cloud.<stack>.timeout`, in seconds) where that is longer, or twice what the deployments of earlier green runs took
 * where that is longer still. Memory never makes it shorter.
 */
export function deployDeadline(facts: DeadlineFacts, services: readonly Pick<ServiceState, 'labels'>[]): number {
  return explainedDeadline(facts, services).ms
}

/** The same with where it comes from. */
export function explainedDeadline(
  { settings: { settings, sources }, expected }: DeadlineFacts,
  services: readonly Pick<ServiceState, 'labels'>[],
): DeployDeadline {
  const { deploy: ms } = settings.timeouts
  const place = sources.get('timeouts.deploy')
  if (place) return { ms, source: 'setting', why: `timeouts.deploy, ${formatLocation(place)}` }
  const labels = services.flatMap(({ labels }) => Object.entries(labels))
  const declared = labels
    .filter(([key]) => /^coop-cloud\..+\.timeout$/.test(key))
    .map(([, value]) => Number(value) * 1000)
  const longest = Math.max(0, ...declared.filter(Number.isFinite).map((one) => Math.min(LONGEST_MS, one)))
  const declaredDeadline: DeployDeadline =
    longest > ms
      ? { ms: longest, source: 'label', why: "the recipe's label coop-cloud.<stack>.timeout" }
      : { ms, source: 'default', why: 'the default' }
  return raised(declaredDeadline, expected?.deploy ?? null)
}

function raised(declaredDeadline: DeployDeadline, taken: Expectations['deploy']): DeployDeadline {
  if (!taken) return declaredDeadline
  const ms = Math.min(MARGIN * taken.p95Ms, MOST_RAISED * declaredDeadline.ms, LONGEST_MS)
  if (ms <= declaredDeadline.ms) return declaredDeadline
  const took = `${taken.runs} earlier runs took up to ${formatDuration(taken.p95Ms)} (p95)`
  return {
    ms,
    source: 'memory',
    why: `${took}; ${declaredDeadline.why} would be ${formatDuration(declaredDeadline.ms)}`,
  }
}
