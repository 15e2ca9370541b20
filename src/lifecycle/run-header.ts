import { hostname, loadavg } from 'node:os'
import { type ChosenDeployer, NATIVE } from '../deploy/deployers.ts'
import { formatLocation } from '../lib/text/source-location.ts'
import { toolIdentity } from '../lib/version.ts'
import type { Customization, Deadlines, EnvironmentFacts, RunHeader } from '../verdict/events.ts'
import { EVIDENCE_SCHEMA } from '../verdict/evidence.ts'
import { explainedDeadline } from './app/deploy-deadline.ts'
import type { Host } from './context.ts'
import type { RunPlan } from './plan.ts'
import { contractOf } from './planning/contract.ts'

/** What the run says about itself in its first event. */
export async function headerOf(plan: RunPlan): Promise<RunHeader> {
  const { app, repo, head, base } = plan
  return {
    run: { id: app.runId, host: hostname() },
    tool: await toolIdentity(),
    recipe: {
      ...{ name: repo.name, origin: repo.origin, commit: head.commit, version: head.version, dirty: head.dirty },
      released: repo.versions.findLast(({ commit }) => commit === head.commit)?.tag ?? null,
    },
    base: 'ref' in base ? base.ref : null,
    selected: plan.selected,
    stack: app.stack,
    domain: app.domain,
    customization: manifestOf(plan),
    evidenceSchema: EVIDENCE_SCHEMA,
    contract: contractOf(plan),
    ...(plan.expected ? { expected: plan.expected } : {}),
    deadlines: deadlinesOf(plan),
    ...(plan.resumed ? { resumed: { run: plan.resumed.run, after: plan.resumed.checkpoint.after } } : {}),
    ...(plan.settings.settings.policy.lint === 'enforce' ? { lintEnforced: true } : {}),
  }
}

/** By the labels of head's files: a base may ask for another one, which its waits tell. */
export function deadlinesOf(plan: RunPlan): Deadlines {
  const services = Object.values(plan.head.stack.model.services)
  return {
    deploy: explainedDeadline(
      plan,
      services.map(({ deploy }) => ({ labels: deploy?.labels ?? {} })),
    ),
  }
}

/** What may change a verdict while recipe and cc-ci stay the same; what one run is given of it (`runMemoryBytes`) is the run's own to say. */
export async function readEnvironment(host: Host, { label }: ChosenDeployer = NATIVE): Promise<EnvironmentFacts> {
  const { version, api, cpus, memoryBytes, kernel, cgroupVersion } = await host.engine.info()
  return {
    ...{ engine: version, api, cpus, memoryBytes, load: loadavg() },
    ...{ kernel, cgroup: cgroupVersion, vips: host.vips, edge: host.edge.image ?? 'foreign' },
    ...(host.pin ? { node: host.pin.hostname } : {}),
    ...{ browser: host.browser.version, browserSandbox: host.browser.ownSandbox, deployer: label },
  }
}

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
      ...[...admitted.functions.values()].map(({ name, where }) => `${name} (${formatLocation(where)})`),
      ...(steps ? [steps.shown] : []),
    ],
    overlays: found.overlay ? [found.overlay.shown] : [],
    tests: admitted.specs.map(({ shown }) => shown),
    envOverrides: [...new Set([...Object.keys(env), ...Object.keys(upgrade.env)])],
    refused: admitted.refused.map(({ what }) => what),
    sources: Object.fromEntries([...settings.sources].map(([name, place]) => [name, formatLocation(place)])),
    deps: [...deps],
    ...(admitted.approval === null ? {} : { approval: admitted.approval }),
  }
}
