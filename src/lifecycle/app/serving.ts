import { join, relative } from 'node:path'
import { checkHttp } from '../../checks/http.ts'
import { listeningPorts } from '../../checks/listening-ports.ts'
import { checkOtherRoutes, otherRoutes } from '../../checks/other-routes.ts'
import { httpExposure, routedServices } from '../../checks/routed-services.ts'
import { runningTasks } from '../../checks/serving-task.ts'
import { type SmokeResult, smoke } from '../../checks/smoke.ts'
import { unreachableFromProxy } from '../../checks/unreachable-from-proxy.ts'
import type { Deployment, Release } from '../../deploy/deployer.ts'
import type { ConvergedStack } from '../../engine/convergence/snapshot.ts'
import type { Operation } from '../../public/ctx.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { checkTitle, type PlainCheckId } from '../../verdict/checks.ts'
import type { CheckOutcome } from '../../verdict/events.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import { finding } from '../../verdict/findings.ts'
import { type RunContext, TierStop } from '../context.ts'
import { ownScreenshot } from '../custom/screenshot.ts'
import { browserOf, warmBrowser } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { deployDeadline } from './deploy-deadline.ts'
import { healthPath, pagePath } from './request-paths.ts'

const BROWSER_DEADLINE_MS = 30_000

/** Waits until every service is up; `before` is what ran before this deployment, null for a new app. The tier ends with the cause when that cannot happen any more. */
export async function awaitConvergence(
  context: RunContext,
  reporter: TierReporter,
  deployed: Deployment,
  before: Deployment | null,
): Promise<ConvergedStack> {
  const { watch, plan, signal } = context
  const result = await watch.converge({
    expected: deployed.services,
    before: before?.services,
    timeoutMs: deployDeadline(plan, deployed.services),
    signal,
    onWaiting: reporter.onWaiting,
  })
  if (result.state === 'impossible') throw new TierStop('converged', result.cause)
  for (const { service, state } of result.value.updates) {
    if (state === 'paused') reporter.finding(finding('update-paused', pausedMessage(service)))
  }
  reporter.check('converged', 'pass')
  return result.value
}

function pausedMessage(service: string): string {
  return `the engine calls the update of ${service} paused, because a task of it ended early; all of it runs the new version`
}

/** Where a page will be looked at, the browser starts while the app does. */
export function expectPage(context: RunContext, release: Release): void {
  if (httpExposure(release.stack).kind === 'routed') warmBrowser(context)
}

/** The app's own task answers over the edge; a recipe that routes nothing says so. */
export async function awaitServing(context: RunContext, reporter: TierReporter, release: Release): Promise<boolean> {
  const { host, plan, signal, masker, clock, watch } = context
  const wish = httpExposure(release.stack)
  if (wish.kind === 'none') {
    reporter.evidence({ kind: 'no-http', reason: wish.reason })
    return false
  }
  if (wish.kind === 'unusable') {
    const { message, lines, service } = wish
    throw new TierStop('task-answers', cause('proxy-fallback', message, { lines, service }))
  }
  const routed = routedServices(release.stack, plan.app.domain)
  const { health, timeouts } = plan.settings.settings
  const { stack, runId, domain } = plan.app
  const path = healthPath(plan, release.stack)
  const { engine, edge, toolboxImage } = host
  const request = {
    edge,
    tasksOf: () => runningTasks(engine, stack),
    portsOf: (container: string, looking: AbortSignal) =>
      listeningPorts({ engine, runId, stack, container, toolboxImage, signal: looking }),
    ...{ timeoutMs: timeouts.http, quietMs: timeouts.quiet, signal, clock, onWaiting: reporter.onWaiting },
    activity: watch,
    mask: (text: string) => masker.mask(text),
  }
  // Whoever cannot be reached need not be asked. Of another proxy nobody here knows the networks.
  const unreachable = (service: string) =>
    edge.apiPort === null ? null : unreachableFromProxy(release.stack, stack, service)
  const own = routed.filter(({ namesDomain }) => namesDomain)
  const off = own.map(({ service }) => unreachable(service))
  if (off[0] && !off.includes(null)) throw new TierStop('task-answers', off[0])
  const answer = await checkHttp({ ...request, domain, path, allowed: health.status, routed })
  accept(reporter, 'task-answers', answer)
  const others = otherRoutes(routed, { host: domain, path })
  if (others.length > 0) {
    const lost = others.map(({ service }) => unreachable(service)).find((found) => found !== null)
    const dead = lost ?? (await checkOtherRoutes({ ...request, routes: others }))
    if (dead) throw new TierStop('routes-lead', dead, dead.blame === 'infra' ? 'unverified' : 'fail')
    reporter.check('routes-lead', 'pass')
  }
  return true
}

/**
 * A real browser shows something; the picture is kept. Where the recipe has a `screenshot` function the picture it leaves is kept beside
 * ours: it adds to what is looked at and never takes its place.
 */
export async function runSmokeTest(
  context: RunContext,
  reporter: TierReporter,
  { release, op }: { release: Release; op: Operation },
): Promise<void> {
  const { folder } = context
  const screenshotFile = join(folder.artifacts, `${reporter.tier}.png`)
  const seen = await visitPage(context, reporter, { release, screenshotFile })
  for (const finding of seen.findings ?? []) reporter.finding({ ...finding, where: `${reporter.tier}, in a browser` })
  accept(reporter, 'page-shown', seen)
  await ownScreenshot(context, reporter, op)
}

/** Opens the page that the recipe's settings name, or its routers lead to, and writes a picture of it. */
export async function visitPage(
  context: RunContext,
  reporter: TierReporter,
  { release, screenshotFile }: { release: Release; screenshotFile: string },
): Promise<SmokeResult> {
  const { plan, folder, signal, masker } = context
  const { screenshot, health } = plan.settings.settings
  return smoke(await browserOf(context), {
    url: `https://${plan.app.domain}${pagePath(plan, release.stack)}`,
    screenshotFile,
    screenshotName: relative(folder.dir, screenshotFile),
    ...(screenshot.waitFor ? { waitFor: screenshot.waitFor } : {}),
    allowed: health.status,
    mask: (text) => masker.mask(text),
    onWaiting: reporter.onWaiting,
    timeoutMs: BROWSER_DEADLINE_MS,
    signal,
  })
}

/** Records what a check found; anything but a pass ends the tier with its cause. */
function accept(
  reporter: TierReporter,
  check: PlainCheckId,
  result: { outcome: CheckOutcome; evidence?: Evidence; cause?: Cause },
): void {
  if (result.outcome !== 'pass') {
    throw new TierStop(
      check,
      result.cause ?? cause('harness-error', `${checkTitle(check)}: no cause was given`),
      result.outcome,
    )
  }
  if (result.evidence) reporter.evidence(result.evidence)
  reporter.check(check, 'pass')
}
