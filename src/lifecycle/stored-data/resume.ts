import { VOLUMES_DIR } from '../../backup/toolbox.ts'
import type { Deployment, Release } from '../../deploy/deployer.ts'
import type { Cause } from '../../verdict/causes.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { plant, unplant } from '../app/witnessing.ts'
import { type RunContext, TierStop, type UpdateContext } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { prepareApp } from '../custom/prepare.ts'
import { awaitReady } from '../custom/ready.ts'
import { toolboxOf } from '../open-resources.ts'
import { refuseByPolicy } from '../refuse-by-policy.ts'
import type { TierReporter } from '../reporter.ts'
import { type ResumedRun, releaseAfter } from './checkpoint.ts'
import { checkDataStillThere, deployOn, refuseChangedImages, type StoredDataKind } from './put-data.ts'

/**
 * Deploys the app of the failed run again, on the data of its checkpoint: before the first tier that looks at it. Whatever is wrong here is not proven to be
 * the fault of head: a whole run tells.
 */
export async function bringBack(
  start: RunContext,
  reporter: TierReporter,
  { resumed, carryOn }: { readonly resumed: ResumedRun; readonly carryOn: UpdateContext },
): Promise<RunContext> {
  const { checkpoint, run } = resumed
  const stored = { data: checkpoint.data, kind: kindOf(resumed) }
  try {
    refuseByPolicy(start)
    const context = carryOn({ plan: await prepareApp(start, reporter) })
    await callFunction(context, reporter, 'hooks.preInstall')
    const release = releaseAfter(context.plan, checkpoint.after)
    const { deployed, volumes } = await reporter.operation({ kind: 'resume', subject: checkpoint.after }, () =>
      deployOn(context, release, stored),
    )
    refuseChangedImages(deployed, stored)
    context.state.installed = deployed
    await awaitApp(context, reporter, { deployed, release })
    const seen = await checkDataStillThere(context, 'the app', volumes)
    context.state.headServes = checkpoint.after !== 'install' || context.plan.base.kind !== 'base'
    await forgetWitnesses(context, reporter)
    reporter.evidence({ kind: 'resumed', run, after: checkpoint.after, volumes: seen })
    return context
  } catch (error) {
    start.state.failedIn ??= reporter.tier
    throw error instanceof TierStop ? notOfHead(error, resumed) : error
  }
}

async function awaitApp(
  context: RunContext,
  reporter: TierReporter,
  { deployed, release }: { readonly deployed: Deployment; readonly release: Release },
): Promise<void> {
  const quiet = reporter.quiet()
  await awaitConvergence(context, quiet, deployed, null)
  await awaitReady(context, quiet, operationOf('install', null, appState(deployed, release)))
  await awaitServing(context, quiet, release)
}

const FORGET = `find "$1" -xdev -name '.cc-ci-witness-*' -delete`

/** The data was copied with what was planted in it. Planting takes the place of what an earlier run planted in a database; files have names of their own. */
async function forgetWitnesses(context: RunContext, reporter: TierReporter): Promise<void> {
  const toolbox = await toolboxOf(context)
  for (const volume of toolbox.volumes)
    await toolbox.run(['sh', '-c', FORGET, 'forget', `${VOLUMES_DIR}/${volume}`], {
      signal: context.signal,
      timeoutMs: 300_000,
    })
  await plant(context, reporter.quiet())
  await unplant(context)
}

function kindOf({ run, checkpoint: { after } }: ResumedRun): StoredDataKind {
  return {
    named: `the checkpoint of run ${run} after ${after}`,
    whole: 'It was whole when this run was planned.',
    without: 'Run all of it again, without --resume.',
  }
}

function notOfHead({ check, why }: TierStop, { run, checkpoint: { after } }: ResumedRun): TierStop {
  const cause: Cause = {
    ...why,
    message: `the app of run ${run}, on its data from after ${after}: ${why.message}`,
    hint: `${why.hint} This app was put in place from a checkpoint; a whole run, without --resume, tells whether it comes up by itself.`,
  }
  return new TierStop(check, cause, 'unverified')
}
