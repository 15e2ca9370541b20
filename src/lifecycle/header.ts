import { hostname, loadavg } from 'node:os'
import type { Engine } from '../engine/client.ts'
import { toolIdentity } from '../lib/version.ts'
import type { EnvironmentFacts, RunHeader } from '../verdict/events.ts'
import { manifestOf } from './manifest.ts'
import type { RunPlan } from './plan.ts'

/** What the run says about itself in its first event. */
export async function headerOf(plan: RunPlan): Promise<RunHeader> {
  const { app, repo, head, base } = plan
  return {
    run: { id: app.runId, host: hostname() },
    tool: await toolIdentity(),
    recipe: { name: repo.name, origin: repo.origin, commit: head.commit, version: head.version, dirty: head.dirty },
    base: 'ref' in base ? base.ref : null,
    selected: plan.selected,
    stack: app.stack,
    domain: app.domain,
    customization: manifestOf(plan),
    ...(plan.settings.settings.policy.lint === 'enforce' ? { lintEnforced: true } : {}),
  }
}

export async function environmentFacts(engine: Engine): Promise<EnvironmentFacts> {
  const { version, api, cpus, memoryBytes } = await engine.info()
  return { engine: version, api, cpus, memoryBytes, load: loadavg() }
}
