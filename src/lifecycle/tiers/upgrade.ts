import type { Deployment, Release } from '../../deploy/deployer.ts'
import { specDifferences } from '../../engine/spec-hash.ts'
import type { ServiceState } from '../../engine/types.ts'
import { InternalError, type RecipeError } from '../../lib/errors.ts'
import { formatLocation } from '../../lib/text/source-location.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { assertStable } from '../app/app-stability.ts'
import { compareBeforeAfter } from '../app/before-after.ts'
import { deployRelease } from '../app/deploy-release.ts'
import { awaitConvergence, awaitServing, runSmokeTest, visitPage } from '../app/serving.ts'
import { takeSteps } from '../app/steps.ts'
import { checkStillThere, recordReachability } from '../app/still-there.ts'
import { compareAfter, forgetRemovedVolumes, plant } from '../app/witnessing.ts'
import { lastBefore } from '../base/base-choice.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { lifecycleSpecs } from '../custom/lifecycle-specs.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { prepareUpgrade } from '../custom/prepare.ts'
import { awaitReady } from '../custom/ready.ts'
import { refuseByPolicy } from '../refuse-by-policy.ts'
import type { TierReporter } from '../reporter.ts'
import { backUpBefore } from '../rollback/before.ts'
import { checkpointAfter } from '../stored-data/keep-checkpoint.ts'
import { reattach } from '../stored-data/reattach.ts'

/** Redeploys the running base in place to head, and proves that head is what runs and that the data is still there. */
export const upgradeTier: TierRunner = {
  async run(start, reporter, carryOn) {
    const { state } = start
    const { base, canonical: use } = start.plan
    if (base.kind === 'no-delta') throw noDelta(base.ref.version)
    if (base.kind === 'unresolved') throw new TierStop('base-readable', base.cause, 'unverified')
    const installed = 'canonical' in use ? await reattach(start, reporter, { use, carryOn }) : start
    const before = state.installed
    const was = base.kind === 'base' ? appState(before, base.release) : null
    const context = carryOn({ plan: await prepareUpgrade(installed, reporter) })
    refuseByPolicy(context)
    if (context.plan.upgradeFaults.length > 0) throw envTooOld(context.plan.upgradeFaults)
    await callFunction(context, reporter, 'hooks.preUpgrade', { op: operationOf('upgrade', was, null) })
    const { plan } = context
    if (plan.base.kind !== 'base' || !plan.upgrade || !before)
      throw new InternalError('upgrade-without-base', 'the upgrade tier ran without a deployed base')
    const release = plan.upgrade
    if (plan.base.via.length > 0) await plant(context, reporter)
    await takeSteps(context, reporter)
    const last = state.current ?? before
    const offered = await recordReachability(context, lastBefore(plan.base))
    await backUpBefore(context, reporter)
    // Of a chain the data of the base goes all the way, unless a backup needed witnesses of its own.
    if (!state.witnesses) await plant(context, reporter)
    forgetRemovedVolumes(context)
    const after = await reporter.operation({ kind: 'upgrade', subject: release.commit.slice(0, 8) }, () =>
      deployRelease(context, release),
    )
    reportOrphans(reporter, after)
    const { updates } = await awaitConvergence(context, reporter, after, last)
    reporter.evidence({ kind: 'update-status', services: [...updates] })
    await proveHead(context, reporter, last, release)
    const op = operationOf('upgrade', was, appState(after, release))
    await awaitReady(context, reporter, op)
    if (await awaitServing(context, reporter, release)) {
      await runSmokeTest(context, reporter, { release, op })
      await compareBeforeAfter(context, reporter, async (screenshotFile) => {
        await visitPage(context, reporter, { release, screenshotFile })
      })
    }
    await checkStillThere(context, reporter, { was: offered, release })
    state.headServes = true
    await compareAfter(context, reporter, 'upgrade')
    await lifecycleSpecs(context, reporter, op)
    await assertStable(context, reporter)
    await checkpointAfter(context, reporter, 'upgrade')
  },
}

function noDelta(version: string): TierStop {
  const message = `the pinned base ${version} runs exactly what head runs`
  return new TierStop('base-differs', cause('no-version-delta', message), 'unverified')
}

/** Operators keep their env file through an upgrade, and meet the same. */
function envTooOld(faults: readonly RecipeError[]): TierStop {
  const message = `head does not resolve with the env file of an app of the base: ${faults[0]?.message}`
  const lines = faults.map(({ message, where }) => `${where ? `${formatLocation(where)}: ` : ''}${message}`)
  const hint =
    'Give what is new a default in the compose file. What operators are told to add by hand belongs into `upgrade.env`.'
  return new TierStop('env-suffices', cause('compose-invalid', message, { lines, hint }))
}

function reportOrphans(reporter: TierReporter, { orphans }: Deployment): void {
  for (const service of orphans) {
    const message = `service ${service} of the base still runs, though head no longer has it: operators must remove it by hand`
    reporter.finding(finding('orphan-service', message))
  }
}

/** Reads the engine again after convergence: a rollback restores the old spec and labels while the app keeps serving. */
async function proveHead(
  context: RunContext,
  reporter: TierReporter,
  before: Deployment,
  release: Release,
): Promise<void> {
  const { stack } = context.plan.app
  const services = await context.host.engine.services(stack)
  const app = services.find(({ service }) => service === 'app')
  const label = app?.labels[`coop-cloud.${stack}.chaos-version`] ?? ''
  if (!label || !release.commit.startsWith(label.replace(/\+U$/, ''))) {
    const message = `the app's chaos-version label is ${label || 'missing'}, head is ${release.commit.slice(0, 8)}`
    throw new TierStop('head-runs', cause('head-not-deployed', message), 'unverified')
  }
  reporter.evidence({ kind: 'head-deployed', label, commit: release.commit })
  reporter.check('head-runs', 'pass')
  proveDelta({ context, reporter, before, services })
}

function proveDelta(facts: {
  context: RunContext
  reporter: TierReporter
  before: Deployment
  services: readonly ServiceState[]
}): void {
  const { context, reporter, before, services } = facts
  const { stack } = context.plan.app
  const names = [...new Set([...before.services, ...services].map(({ service }) => service))].sort()
  const rows = names.map((name) => {
    const old = before.services.find(({ service }) => service === name)
    const now = services.find(({ service }) => service === name)
    return {
      service: name,
      base: old ? identity(stack, old, before) : null,
      head: now ? identity(stack, now, context.state.current) : null,
      changed: old && now ? specDifferences(old.taskTemplate, now.taskTemplate) : [old ? 'removed' : 'added'],
    }
  })
  if (rows.every(({ changed }) => changed.length === 0)) {
    const why = cause('no-version-delta', 'after the upgrade every service runs what it ran before')
    throw new TierStop('delta-runs', why, 'unverified')
  }
  reporter.evidence({ kind: 'identity', services: rows })
  reporter.check('delta-runs', 'pass')
}

function identity(stack: string, service: ServiceState, deployed: Deployment | undefined) {
  return {
    service: service.service,
    imageId: deployed?.images.find((image) => image.service === service.service)?.id ?? null,
    specHash: service.specHash,
    version: service.labels[`coop-cloud.${stack}.version`] ?? null,
    chaosVersion: service.labels[`coop-cloud.${stack}.chaos-version`] ?? null,
  }
}
