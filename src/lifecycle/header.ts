import { hostname, loadavg } from 'node:os'
import type { Engine } from '../engine/client.ts'
import { exec } from '../lib/exec.ts'
import { toolVersion } from '../lib/version.ts'
import type { EnvironmentFacts, RunHeader } from '../verdict/events.ts'
import { manifestOf } from './manifest.ts'
import type { RunPlan } from './plan.ts'

const ROOT = new URL('../../', import.meta.url)

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

/** The commit is null where cc-ci was installed from a package. */
async function toolIdentity(): Promise<RunHeader['tool']> {
  const git = await exec('git', ['-C', ROOT.pathname, 'rev-parse', 'HEAD'], { deadlineMs: 5000 }).catch(() => null)
  return { name: 'cc-ci', version: toolVersion(), commit: git?.exitCode === 0 ? git.stdout.trim() : null }
}
