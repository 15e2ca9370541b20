import { join } from 'node:path'
import { emptyVolume } from '../../backup/loss.ts'
import type { Deployment, Release } from '../../deploy/deployer.ts'
import { InternalError } from '../../lib/errors.ts'
import type { Cause } from '../../verdict/causes.ts'
import { awaitConvergence, awaitServing, visitPage } from '../app/serving.ts'
import { servicesOf, whileStopped } from '../app/while-stopped.ts'
import { type RunContext, TierStop, type UpdateContext } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { prepareApp } from '../custom/prepare.ts'
import { awaitReady } from '../custom/ready.ts'
import { toolboxOf } from '../open-resources.ts'
import { refuseByPolicy } from '../refuse-by-policy.ts'
import type { TierReporter } from '../reporter.ts'
import type { Canonical, CanonicalUse } from './canonical.ts'
import {
  checkDataStillThere,
  type DataDeployment,
  deployOn,
  fill,
  refuseChangedImages,
  type StoredDataKind,
} from './put-data.ts'

interface LentCanonical {
  readonly data: Canonical
  readonly kind: StoredDataKind
}
type Lent = Extract<CanonicalUse, { canonical: Canonical }>

/**
 * Gives the base the data of its canonical, before the upgrade: in a quick run as the first deployment of all, in a cold one in place of what the new
 * installation made. Then the base runs on it and serves, or the upgrade cannot be judged: whatever is wrong here is not the fault of head.
 */
export async function reattach(
  start: RunContext,
  reporter: TierReporter,
  { use, carryOn }: { use: Lent; carryOn: UpdateContext },
): Promise<RunContext> {
  const { canonical } = use
  const lent = { data: canonical, kind: kindOf(canonical) }
  let context = start
  try {
    if (use.kind === 'quick') context = await prepared(start, reporter, carryOn)
    const release = baseOf(context)
    const { deployed, volumes } = await reporter.operation({ kind: 'reattach', subject: canonical.version }, () =>
      use.kind === 'quick' ? deployOn(context, release, lent) : replace(context, reporter, lent),
    )
    refuseChangedImages(deployed, lent)
    context.state.installed = deployed
    await awaitBase(context, reporter, { deployed, release })
    const seen = await checkDataStillThere(context, 'the base', volumes)
    reporter.evidence({ kind: 'reattached', version: canonical.version, run: canonical.runId, volumes: seen })
    return context
  } catch (error) {
    throw error instanceof TierStop ? notOfHead(error, canonical) : error
  }
}

/** As before any other first deployment. */
async function prepared(start: RunContext, reporter: TierReporter, carryOn: UpdateContext): Promise<RunContext> {
  refuseByPolicy(start)
  const context = carryOn({ plan: await prepareApp(start, reporter) })
  await callFunction(context, reporter, 'hooks.preInstall')
  return context
}

function baseOf({ plan: { base } }: RunContext): Release {
  if (base.kind === 'base') return base.release
  throw new InternalError('canonical-without-base', 'a canonical is reattached as the base of an upgrade')
}

/** The app stays as it was deployed, with its secrets, which are those of the canonical already. */
async function replace(context: RunContext, reporter: TierReporter, lent: LentCanonical): Promise<DataDeployment> {
  const { watch, signal, state } = context
  const deployed = state.installed
  if (!deployed) throw new InternalError('canonical-without-base', 'the base was not deployed')
  return watch.during({ kind: 'restore', services: 'all' }, async () => {
    const toolbox = await toolboxOf(context)
    const volumes = await whileStopped(context, reporter, await servicesOf(context), async () => {
      for (const { volume } of lent.data.volumes) await emptyVolume(toolbox, volume, { signal })
      return fill(toolbox, lent, signal)
    })
    await awaitConvergence(context, reporter.quiet(), deployed, deployed)
    return { deployed, volumes }
  })
}

async function awaitBase(
  context: RunContext,
  reporter: TierReporter,
  { deployed, release }: { deployed: Deployment; release: Release },
): Promise<void> {
  const quiet = reporter.quiet()
  await awaitConvergence(context, quiet, deployed, context.plan.canonical.kind === 'quick' ? null : deployed)
  await awaitReady(context, quiet, operationOf('install', null, appState(deployed, release)))
  if (!(await awaitServing(context, quiet, release))) return
  // What the upgrade's picture is compared with.
  const screenshotFile = join(context.folder.artifacts, 'install.png')
  await visitPage(context, quiet, { release, screenshotFile })
}

function kindOf({ version }: Canonical): StoredDataKind {
  return {
    named: `the canonical of ${version}`,
    whole: '`cc-ci canonicals --verify` tells whether the canonical is whole.',
    without: 'The canonical is stale. A green run of the release takes it again; without it: --no-canonical.',
  }
}

function notOfHead({ check, why }: TierStop, { version, runId }: Canonical): TierStop {
  const cause: Cause = {
    ...why,
    message: `the base ${version} on the data of its canonical (run ${runId}): ${why.message}`,
    hint: `${why.hint} This is the released version with the data that it left, not your change: --no-canonical begins with an empty installation.`,
  }
  return new TierStop(check, cause, 'unverified')
}
