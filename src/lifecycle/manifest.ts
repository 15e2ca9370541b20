import { formatPlace } from '../lib/place.ts'
import type { Customization } from '../verdict/events.ts'
import type { RunPlan } from './plan.ts'

/**
 * Everything that makes this run different from one of the same recipe with nothing added: the same in `cc-ci plan`, before a run, and in
 * its results, because all three come from here. Nothing of the recipe is executed for it.
 */
export function manifestOf({ settings, custom }: RunPlan): Customization {
  const { found, admitted } = custom
  const { env, upgrade, deps } = settings.settings
  const steps = admitted.installSteps
  return {
    config: Object.fromEntries([...settings.written].filter(([name]) => !found.functions.has(name))),
    hooks: [
      ...[...admitted.functions.values()].map(({ name, where }) => `${name} (${formatPlace(where)})`),
      ...(steps ? [steps.shown] : []),
    ],
    overlays: found.overlay ? [found.overlay.shown] : [],
    tests: admitted.specs.map(({ shown }) => shown),
    envOverrides: [...new Set([...Object.keys(env), ...Object.keys(upgrade.env)])],
    refused: admitted.refused.map(({ what }) => what),
    sources: Object.fromEntries([...settings.sources].map(([name, place]) => [name, formatPlace(place)])),
    deps: [...deps],
    ...(admitted.approval === null ? {} : { approval: admitted.approval }),
  }
}
