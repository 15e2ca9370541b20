import { join } from 'node:path'
import { smoke } from '../checks/browser.ts'
import { checkHttp } from '../checks/http.ts'
import { routedServices } from '../checks/routes.ts'
import { converge, updated } from '../engine/convergence/converge.ts'
import type { Converged } from '../engine/convergence/snapshot.ts'
import type { Deployed, Release } from '../deploy/deployer.ts'
import { type RunContext, TierStop, type TierVoice } from './context.ts'
import { browserOf } from './made.ts'

/** Waits until every service is up; `before` is what ran before this deployment, null for a new app. The tier ends with the cause when that cannot happen any more. */
export async function converged(context: RunContext, voice: TierVoice, deployed: Deployed, before: Deployed | null): Promise<Converged> {
  const { host, plan, signal, clock, masker } = context
  const result = await converge(host.engine, {
    stack: plan.app.stack,
    expected: updated(deployed.services.map(({ service }) => service), before?.services ?? []),
    deadlineMs: plan.settings.settings.timeouts.deploy,
    signal,
    clock,
    mask: (text) => masker.mask(text),
    onWaiting: voice.onWaiting,
  })
  if (result.state === 'impossible') throw new TierStop('every service converged', result.cause)
  voice.check('every service converged', 'pass')
  return result.value
}

/** The app's own task answers over the edge; a recipe that routes nothing says so. */
export async function serves(context: RunContext, voice: TierVoice, release: Release): Promise<boolean> {
  const { host, plan, signal, clock, masker } = context
  const routed = routedServices(release.stack, plan.app.domain)
  if (routed.services.length === 0) {
    voice.evidence({ kind: 'no-http', reason: routed.reason })
    return false
  }
  const { health, timeouts } = plan.settings.settings
  const answer = await checkHttp({
    engine: host.engine,
    edge: host.edge,
    stack: plan.app.stack,
    domain: plan.app.domain,
    path: health.path,
    allowed: health.status,
    services: routed.services,
    deadlineMs: timeouts.http,
    signal,
    clock,
    mask: (text) => masker.mask(text),
    onWaiting: voice.onWaiting,
  })
  if (answer.outcome !== 'pass') throw new TierStop("the app's own task answers", answer.cause, answer.outcome)
  voice.evidence(answer.evidence)
  voice.check("the app's own task answers", 'pass')
  return true
}

/** A real browser shows something; the picture is kept. */
export async function looksAlive(context: RunContext, voice: TierVoice): Promise<void> {
  const { plan, folder, signal } = context
  const file = join(folder.artifacts, `${voice.tier}.png`)
  const seen = await smoke(await browserOf(context), {
    url: `https://${plan.app.domain}${plan.settings.settings.screenshot.path}`,
    screenshotFile: file,
    deadlineMs: 60_000,
    signal,
  })
  if (seen.outcome !== 'pass') throw new TierStop('a browser shows the app', seen.cause, seen.outcome)
  voice.evidence(seen.evidence)
  voice.check('a browser shows the app', 'pass')
}
