import { lossOf } from '../../backup/loss.ts'
import type { Deployment } from '../../deploy/deployer.ts'
import { InternalError } from '../../lib/errors.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { assertStable } from '../app/app-stability.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { compareAfter, inspectAfterLoss, unplant } from '../app/witnessing.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { awaitReady } from '../custom/ready.ts'
import {
  awaitConvergenceAsNew,
  awaitServingAsNew,
  recountFiles,
  reportUncovered,
  restartBesideHooks,
  restoreFiles,
} from '../judging/lost-machine.ts'
import { toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { type BackedUpVersion, releaseBefore, releaseName, versionBefore } from '../rollback/before.ts'
import { type ReplacedHead, replaceHead } from '../rollback/replace.ts'
import { hooks, recordHooks } from './backup.ts'

/** For a look at the data of an app that does not come up; far more than it takes. */
const LOOK_DEADLINE_MS = 3 * 60_000

/** Puts the version before head back as operators do who regret an upgrade, and looks whether it has the data that it had before. */
export const rollbackTier: TierRunner = {
  async run(context, reporter) {
    const { before } = context.state
    if (!before) throw new InternalError('rollback-without-backup', 'the upgrade tier made no backup to go back to')
    const version = releaseName(releaseBefore(context))
    if (before.kind === 'failed') throw ofBefore(before.stop, `${version}, before the upgrade`)
    await unplant(context)
    try {
      await goBack(versionBefore(context, before.state), reporter, before)
    } catch (error) {
      throw error instanceof TierStop ? ofBefore(error, `${version}, put back after the upgrade`) : error
    } finally {
      context.state.current = before.state.current
    }
  },
}

/** `context`: as the version before sees it. */
async function goBack(context: RunContext, reporter: TierReporter, before: BackedUpVersion): Promise<void> {
  const { plan, watch } = context
  const release = releaseBefore(context)
  const toolbox = await toolboxOf(context)
  const loss = lossOf(plan.backup, release.stack, toolbox.volumes)
  if (loss.emptied.length === 0) return reporter.skip('its labels cover no volume, so there is nothing to bring back')
  const had = toolbox.volumes
  const was = appState(before.deployed, release)
  const op = operationOf('restore', was, was, before.snapshot.id)
  const replaced = await watch.during({ kind: 'restore', services: 'all' }, async () => {
    const done = await reporter.operation({ kind: 'roll-back', subject: releaseName(release) }, () =>
      replaceHead(context, reporter, loss),
    )
    await awaitConvergenceAsNew(context, reporter, done, null)
    return done
  })
  const { lost, deployed } = replaced
  await awaitServingAsNew(context, reporter, { lost, release, op })
  await inspectAfterLoss(context)
  await recountFiles(context, lost, 'asNew')
  await callFunction(context, reporter, 'hooks.preRestore', { op })
  const files = await bringBack(context, reporter, { before, deployed, lost })
  await orWhatIsLost(context, reporter, loss.emptied, async () => {
    await awaitReady(context, reporter, op)
    await awaitServing(context, reporter, release)
  })
  await proveBefore(context, reporter, { before, replaced, files, had })
  await reportUncovered(context, reporter, { lost, release })
  await compareAfter(context, reporter, 'restore', loss.emptied)
  await assertStable(context, reporter)
}

interface Bringing {
  readonly before: BackedUpVersion
  readonly deployed: Deployment
  readonly lost: ReplacedHead['lost']
}

/** Hooks, files, hooks, as in the restore of head. Resolves to the number of files that the snapshot gave. */
async function bringBack(
  context: RunContext,
  reporter: TierReporter,
  { before, deployed, lost }: Bringing,
): Promise<number> {
  const { snapshot } = before
  const release = releaseBefore(context)
  return context.watch.during({ kind: 'restore', services: 'all' }, async () => {
    const files = await reporter.operation({ kind: 'restore', subject: snapshot.id.slice(0, 8) }, async () => {
      const first = await hooks(context, reporter, 'restore.pre-hook')
      const restored = await restoreFiles(context, reporter, { snapshot, deployed, release })
      const last = await hooks(context, reporter, 'restore.post-hook')
      recordHooks(reporter, [...first, ...last], 'the labels ask for no restore hook')
      await restartBesideHooks(context, reporter)
      return restored.files
    })
    if (files > 0) reporter.check('files-restored', 'pass')
    await recountFiles(context, lost, 'after')
    await orWhatIsLost(context, reporter, lost.loss.emptied, () =>
      awaitConvergence(context, reporter, deployed, deployed),
    )
    return files
  })
}

/**
 * Where the version before does not come up on what it got back, the data that is missing tells more than how the program ends: then that is the cause, with the
 * other below it.
 */
async function orWhatIsLost(
  context: RunContext,
  reporter: TierReporter,
  emptied: readonly string[],
  act: () => Promise<unknown>,
): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof TierStop) || error.outcome !== 'fail') throw error
    const lost = await lossNow(context, reporter, emptied)
    if (lost === null) throw error
    const { check, outcome, why } = lost
    const lines = [`and so it does not come up: ${error.why.message}`, ...(why.lines ?? [])]
    throw new TierStop(check, { ...why, lines }, outcome, { cause: error })
  }
}

/** Null: nothing is lost, or nobody can look while the app is down. */
async function lossNow(
  context: RunContext,
  reporter: TierReporter,
  emptied: readonly string[],
): Promise<TierStop | null> {
  // The watch over the app may have ended all waiting, which is why we look.
  const isWatch = context.signal.reason instanceof TierStop
  if (!isWatch) context.signal.throwIfAborted()
  const signal = isWatch ? AbortSignal.timeout(LOOK_DEADLINE_MS) : context.signal
  try {
    await compareAfter({ ...context, signal }, reporter, 'restore', emptied)
    return null
  } catch (error) {
    if (!isWatch) context.signal.throwIfAborted()
    return error instanceof TierStop && error.check === 'data-kept' ? error : null
  }
}

interface Proof {
  readonly before: BackedUpVersion
  readonly replaced: ReplacedHead
  readonly files: number
  /** Volumes of the stack while head ran. */
  readonly had: readonly string[]
}

/** As the engine has it: every service of the version before, from the image that it had then, and nothing that only head has. */
async function proveBefore(
  context: RunContext,
  reporter: TierReporter,
  { before, replaced, files, had }: Proof,
): Promise<void> {
  const { host, plan } = context
  const { stack } = plan.app
  const release = releaseBefore(context)
  const names = (await host.engine.services(stack)).map(({ service }) => service).sort()
  const wanted = Object.keys(release.stack.model.services).sort()
  const services = before.deployed.images.map(({ service, id }) => ({
    service,
    before: id,
    now: replaced.deployed.images.find((image) => image.service === service)?.id ?? 'nothing',
  }))
  const moved = services.filter((one) => one.before !== one.now)
  if (moved.length > 0 || names.join() !== wanted.join()) {
    const lines = [`services: ${names.join(', ')}`, ...moved.map(({ service, now }) => `${service}: ${now}`)]
    throw new TierStop(
      'base-runs-again',
      cause('head-not-deployed', 'something else runs than before the upgrade', { lines }),
      'unverified',
    )
  }
  const { version, chaos } = release
  const mounted = Object.entries(release.stack.model.volumes).map(([key, volume]) =>
    (volume?.name ?? `${stack}_${key}`).slice(stack.length + 1),
  )
  const { lost, dropped } = replaced
  // Without a file there is no evidence, and the tier cannot pass.
  if (files > 0) {
    reporter.evidence({
      kind: 'rolled-back',
      version: chaos ? release.commit : (version ?? release.commit),
      ...{ commit: release.commit, snapshot: before.snapshot.id, files, services },
      dropped: [...dropped],
      unused: had.filter((volume) => !mounted.includes(volume)),
      emptied: [...lost.emptied],
      spared: [...lost.spared],
    })
  }
  reporter.check('base-runs-again', 'pass')
}

/** What was lost has a cause of its own: who meets it has gone back already. The others keep theirs, and say which version it was. */
function ofBefore(stop: TierStop, which: string): TierStop {
  const { check, outcome, why } = stop
  const lost = why.code === 'restore-no-effect' || why.code === 'backup-not-covered'
  const { lines, hint } = why
  const reworded: Cause =
    lost && check === 'data-kept'
      ? cause('rollback-data-lost', `${which}: ${why.message}`, {
          lines,
          hint: `${cause('rollback-data-lost', '').hint} ${hint}`,
        })
      : { ...why, message: `${which}: ${why.message}` }
  return new TierStop(check, reworded, outcome, { cause: stop })
}
