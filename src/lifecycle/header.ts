import { hostname, loadavg } from 'node:os'
import { toolIdentity } from '../lib/version.ts'
import type { Deadlines, EnvironmentFacts, RunHeader } from '../verdict/events.ts'
import { EVIDENCE_SCHEMA } from '../verdict/evidence.ts'
import type { Host } from './context.ts'
import { contractOf } from './contract.ts'
import { explainedDeadline } from './deploy-deadline.ts'
import { manifestOf } from './manifest.ts'
import type { RunPlan } from './plan.ts'

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

/** What may change a verdict while recipe and cc-ci stay the same. */
export async function environmentFacts(host: Host): Promise<EnvironmentFacts> {
  const { version, api, cpus, memoryBytes, kernel, cgroupVersion } = await host.engine.info()
  return {
    ...{ engine: version, api, cpus, memoryBytes, load: loadavg() },
    ...{ kernel, cgroup: cgroupVersion, vips: host.vips, edge: host.edge.image ?? 'foreign' },
    ...{ browser: host.browser.version, browserSandbox: host.browser.ownSandbox },
  }
}
