import type { LoadedSettings } from '../config/load.ts'
import type { ServiceState } from '../engine/types.ts'

/** What a label may ask for at most; a setting may ask for as much. */
const LONGEST_MS = 2 * 60 * 60_000

/**
 * How long a deployment may take without progress, in ms: `timeouts.deploy` where it is set. Otherwise its default, or what the recipe tells
 * operators' clients (label `coop-cloud.<stack>.timeout`, in seconds) where that is longer.
 */
export function deployDeadline(
  { settings, sources }: Pick<LoadedSettings, 'settings' | 'sources'>,
  services: readonly Pick<ServiceState, 'labels'>[],
): number {
  const { deploy } = settings.timeouts
  if (sources.has('timeouts.deploy')) return deploy
  const labels = services.flatMap(({ labels }) => Object.entries(labels))
  const asked = labels.filter(([key]) => /^coop-cloud\..+\.timeout$/.test(key)).map(([, value]) => Number(value) * 1000)
  return Math.max(deploy, ...asked.filter(Number.isFinite).map((ms) => Math.min(LONGEST_MS, ms)))
}
