import { join } from 'node:path'
import { countFiles, emptyVolume } from '../backup/loss.ts'
import type { Toolbox } from '../backup/toolbox.ts'
import { fillVolume, volumeContent } from '../backup/volume-copy.ts'
import type { Deployed, Release } from '../deploy/deployer.ts'
import { RUN_LABEL, STACK_LABEL } from '../engine/client.ts'
import { InfraError, InternalError } from '../lib/errors.ts'
import { type Cause, cause } from '../verdict/causes.ts'
import type { Evidence } from '../verdict/evidence.ts'
import type { Canonical, CanonicalUse } from './canonical.ts'
import { type CarryOn, type RunContext, TierStop } from './context.ts'
import { callFunction } from './custom/function.ts'
import { appState, operationOf } from './custom/operation.ts'
import { prepareApp } from './custom/prepare.ts'
import { awaitReady } from './custom/ready.ts'
import { deployRelease } from './deployment.ts'
import { toolboxOf } from './open-resources.ts'
import { refuseByPolicy } from './refuse-by-policy.ts'
import type { TierReporter } from './reporter.ts'
import { converged, lookAt, serves } from './serving.ts'
import { servicesOf, whileStopped } from './while-stopped.ts'

type Reattached = Extract<Evidence, { kind: 'reattached' }>
type Lent = Extract<CanonicalUse, { canonical: Canonical }>

/**
 * Gives the base the data of its canonical, before the upgrade: in a quick run as the first deployment of all, in a cold one in place of what the new
 * installation made. Then the base runs on it and serves, or the upgrade cannot be judged: whatever is wrong here is not the fault of head.
 */
export async function reattach(
  start: RunContext,
  reporter: TierReporter,
  { use, carryOn }: { use: Lent; carryOn: CarryOn },
): Promise<RunContext> {
  const { canonical } = use
  let context = start
  try {
    if (use.kind === 'quick') context = await prepared(start, reporter, carryOn)
    const release = baseOf(context)
    const { deployed, volumes } = await reporter.operation({ kind: 'reattach', subject: canonical.version }, () =>
      use.kind === 'quick' ? deployOn(context, canonical, release) : replace(context, reporter, canonical),
    )
    refuseOtherImages(deployed, canonical)
    context.state.installed = deployed
    await comesUp(context, reporter, { deployed, release })
    const seen = await stillThere(context, volumes)
    reporter.evidence({ kind: 'reattached', version: canonical.version, run: canonical.runId, volumes: seen })
    return context
  } catch (error) {
    throw error instanceof TierStop ? notOfHead(error, canonical) : error
  }
}

/** As before any other first deployment. */
async function prepared(start: RunContext, reporter: TierReporter, carryOn: CarryOn): Promise<RunContext> {
  refuseByPolicy(start)
  const context = carryOn({ plan: await prepareApp(start, reporter) })
  await callFunction(context, reporter, 'hooks.preInstall')
  return context
}

function baseOf({ plan: { base } }: RunContext): Release {
  if (base.kind === 'base') return base.release
  throw new InternalError('canonical-without-base', 'a canonical is reattached as the base of an upgrade')
}

interface OnItsData {
  readonly deployed: Deployed
  readonly volumes: Reattached['volumes']
}

/** The volumes are there and full before anything of the app is. */
async function deployOn(context: RunContext, canonical: Canonical, release: Release): Promise<OnItsData> {
  const { host, plan } = context
  const { stack, runId } = plan.app
  for (const { volume } of canonical.volumes)
    await host.engine.createVolume(`${stack}_${volume}`, { [STACK_LABEL]: stack, [RUN_LABEL]: runId })
  const toolbox = await toolboxOf(context)
  const volumes = await fill(toolbox, canonical, context.signal)
  return { deployed: await deployRelease(context, release), volumes }
}

/** The app stays as it was deployed, with its secrets, which are those of the canonical already. */
async function replace(context: RunContext, reporter: TierReporter, canonical: Canonical): Promise<OnItsData> {
  const { watch, signal, state } = context
  const deployed = state.installed
  if (!deployed) throw new InternalError('canonical-without-base', 'the base was not deployed')
  return watch.during({ kind: 'restore', services: 'all' }, async () => {
    const toolbox = await toolboxOf(context)
    const volumes = await whileStopped(context, reporter, await servicesOf(context), async () => {
      for (const { volume } of canonical.volumes) await emptyVolume(toolbox, volume, { signal })
      return fill(toolbox, canonical, signal)
    })
    await converged(context, reporter.quiet(), deployed, deployed)
    return { deployed, volumes }
  })
}

/** Every volume is what was kept, to the last byte, before a program sees it. Throws InfraError `canonical-not-restored`. */
async function fill(toolbox: Toolbox, canonical: Canonical, signal: AbortSignal): Promise<Reattached['volumes']> {
  const rows: Reattached['volumes'] = []
  for (const { volume, files, bytes, content } of canonical.volumes) {
    const bounds = { signal, bytes }
    await fillVolume(toolbox, volume, { ...bounds, input: canonical.open(volume) })
    const now = await volumeContent(toolbox, volume, bounds)
    if (now !== content)
      throw new InfraError('canonical-not-restored', `the volume ${volume} does not hold what the canonical has`, {
        hint: 'Look at the space on the machine. `cc-ci canonicals --verify` tells whether the canonical is whole.',
      })
    rows.push({ volume, files, bytes, content, started: files })
  }
  return rows
}

function refuseOtherImages({ images }: Deployed, canonical: Canonical): void {
  for (const { service, ref, id } of canonical.images) {
    const now = images.find((image) => image.service === service)
    if (now?.id === id) continue
    const message = `the image ${ref} of ${service} is another one than when the canonical was taken`
    const hint = 'The canonical is stale. A green run of the release takes it anew; without it: --no-canonical.'
    throw new TierStop('base-readable', cause('image-moved', message, { service, hint }), 'unverified')
  }
}

async function comesUp(
  context: RunContext,
  reporter: TierReporter,
  { deployed, release }: { deployed: Deployed; release: Release },
): Promise<void> {
  const quiet = reporter.quiet()
  await converged(context, quiet, deployed, context.plan.canonical.kind === 'quick' ? null : deployed)
  await awaitReady(context, quiet, operationOf('install', null, appState(deployed, release)))
  if (!(await serves(context, quiet, release))) return
  // What the upgrade's picture is compared with.
  const screenshotFile = join(context.folder.artifacts, 'install.png')
  await lookAt(context, quiet, { release, screenshotFile })
}

/** A base that clears its volumes at a start would leave nothing of the canonical to be proven. */
async function stillThere(context: RunContext, volumes: Reattached['volumes']): Promise<Reattached['volumes']> {
  const toolbox = await toolboxOf(context)
  const rows: Reattached['volumes'] = []
  for (const row of volumes) {
    const { files } = await countFiles(toolbox, row.volume, { signal: context.signal })
    if (files === 0 && row.files > 0) {
      const message = `the base emptied the volume ${row.volume} when it was started on the data of its canonical`
      throw new TierStop('base-readable', cause('data-lost', message, { blame: 'recipe' }), 'unverified')
    }
    rows.push({ ...row, started: files })
  }
  return rows
}

function notOfHead({ check, why }: TierStop, { version, runId }: Canonical): TierStop {
  const told: Cause = {
    ...why,
    message: `the base ${version} on the data of its canonical (run ${runId}): ${why.message}`,
    hint: `${why.hint} This is the released version with the data that it left, not your change: --no-canonical begins with an empty installation.`,
  }
  return new TierStop(check, told, 'unverified')
}
