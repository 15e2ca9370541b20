import type { Release } from '../../deploy/deployer.ts'
import type { Cause } from '../../verdict/causes.ts'
import { assertStable } from '../app/app-stability.ts'
import { deployRelease } from '../app/deploy-release.ts'
import { holdPorts } from '../app/held-ports.ts'
import { awaitConvergence, awaitServing, expectPage, runSmokeTest } from '../app/serving.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { lifecycleSpecs } from '../custom/lifecycle-specs.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { prepareApp } from '../custom/prepare.ts'
import { awaitReady } from '../custom/ready.ts'
import { refuseByPolicy } from '../refuse-by-policy.ts'
import { checkpointAfter } from '../stored-data/keep-checkpoint.ts'

/** Deploys the version an upgrade starts from, or head where there is none, and judges whether it comes up and serves. */
export const installTier: TierRunner = {
  async run(start, reporter, carryOn) {
    refuseByPolicy(start)
    const context = carryOn({ plan: await prepareApp(start, reporter) })
    refuseByPolicy(context)
    await callFunction(context, reporter, 'hooks.preInstall')
    await holdPorts(context, reporter)
    const release = firstRelease(context)
    expectPage(context, release)
    try {
      const deployed = await reporter.operation({ kind: 'deploy', subject: named(release) }, () =>
        deployRelease(context, release),
      )
      context.state.installed = deployed
      reporter.evidence({ kind: 'images', images: [...deployed.images] })
      reporter.check('images-resolved', 'pass')
      const { tasks } = await awaitConvergence(context, reporter, deployed, null)
      reporter.evidence({ kind: 'tasks', tasks: tasks.map(({ service, id, state }) => ({ service, id, state })) })
      const op = operationOf('install', null, appState(deployed, release))
      await awaitReady(context, reporter, op)
      if (await awaitServing(context, reporter, release)) await runSmokeTest(context, reporter, { release, op })
      await lifecycleSpecs(context, reporter, op)
      await assertStable(context, reporter)
      await checkpointAfter(context, reporter, 'install')
    } catch (error) {
      throw error instanceof TierStop
        ? new TierStop(error.check, ofBase(context, release, error.why), error.outcome, { cause: error })
        : error
    }
    context.state.headServes = release === context.plan.head
  },
}

function firstRelease({ plan }: RunContext): Release {
  return plan.base.kind === 'base' ? plan.base.release : plan.head
}

function named(release: Release): string {
  return release.chaos ? release.commit.slice(0, 8) : (release.version ?? release.commit.slice(0, 8))
}

/** A fault of an already released version is not the fault of the change under test: say which version it was. */
function ofBase({ plan }: RunContext, release: Release, why: Cause): Cause {
  if (release === plan.head || plan.base.kind !== 'base') return why
  const { version } = plan.base.ref
  return {
    ...why,
    message: `the base version ${version}: ${why.message}`,
    hint: `${why.hint} This is the version that the upgrade starts from, not your change: \`--base none\` tests head alone.`,
  }
}
