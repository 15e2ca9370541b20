import { type BackupSnapshot, restore } from '../../backup/restic.ts'
import type { Deployment, Release } from '../../deploy/deployer.ts'
import { InternalError } from '../../lib/errors.ts'
import type { Operation } from '../../public/ctx.ts'
import { finding } from '../../verdict/findings.ts'
import { assertStable, assertStableBeforeStop } from '../app/app-stability.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { compareAfter, destroy, inspectAfterLoss, recordBeforeLoss } from '../app/witnessing.ts'
import type { RunContext, TierRunner } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { lifecycleSpecs } from '../custom/lifecycle-specs.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { awaitReady } from '../custom/ready.ts'
import {
  awaitConvergenceAsNew,
  awaitServingAsNew,
  type LostMachine,
  loseMachine,
  planLoss,
  recountFiles,
  reportUncovered,
  restartBesideHooks,
  restoreFiles,
} from '../judging/lost-machine.ts'
import { toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { hooks, recordHooks } from './backup.ts'

interface Restoring {
  readonly snapshot: BackupSnapshot
  readonly deployed: Deployment
  readonly release: Release
  readonly op: Operation
}

/** Destroys what the backup must bring back, as if the machine were lost, restores this run's own snapshot, and looks whether it is back. */
export const restoreTier: TierRunner = {
  async run(context, reporter) {
    const { plan, state: known, watch } = context
    const { snapshot, current } = known
    if (!snapshot || !current)
      throw new InternalError('restore-without-snapshot', 'the restore tier ran without a snapshot')
    const release = plan.upgrade ?? plan.head
    const state = appState(current, release)
    const op = operationOf('restore', state, state, snapshot.id)
    const restoring = { snapshot, deployed: current, release, op }
    await callFunction(context, reporter, 'hooks.preRestore', { op })
    const lost = await lose(context, reporter, restoring)
    await watch.during({ kind: 'restore', services: 'all' }, async () => {
      const files = await bringBack(context, reporter, { ...restoring, lost })
      await recordFiles(context, reporter, { snapshot, files, lost })
      await awaitConvergence(context, reporter, current, current)
    })
    await awaitReady(context, reporter, op)
    await awaitServing(context, reporter, release)
    if (lost) await reportUncovered(context, reporter, { lost, release })
    await compareAfter(context, reporter, 'restore', lost?.loss.emptied)
    await lifecycleSpecs(context, reporter, op)
    await assertStable(context, reporter)
  },
}

/** Null: only what cc-ci planted and the dumps were destroyed, by the setting or because the labels cover no volume. */
async function lose(context: RunContext, reporter: TierReporter, restoring: Restoring): Promise<LostMachine | null> {
  const { watch, plan } = context
  const whole = plan.settings.settings.restore === 'whole'
  const loss = whole ? await planLoss(context, restoring.release) : null
  if (!loss) {
    if (!whole) reportSmallVolumes(reporter)
    const services = 'all'
    await watch.during({ kind: 'restore', services }, () => reporter.operation('destroy', () => destroy(context)))
    return null
  }
  await assertStableBeforeStop(context, reporter)
  await recordBeforeLoss(context)
  const lost = await watch.during({ kind: 'restore', services: 'all' }, async () => {
    const lost = await reporter.operation({ kind: 'lose', subject: loss.emptied.join(', ') }, () =>
      loseMachine(context, reporter, loss),
    )
    await awaitConvergenceAsNew(context, reporter, { ...restoring, lost })
    return lost
  })
  await awaitServingAsNew(context, reporter, { ...restoring, lost })
  await inspectAfterLoss(context)
  await recountFiles(context, lost, 'asNew')
  return lost
}

function reportSmallVolumes(reporter: TierReporter): void {
  const message =
    '`restore: small` in the settings: only planted markers and dumps were destroyed, so that a restore on a new machine is NOT proven'
  reporter.finding(finding('restore-small', message))
}

/** Hooks, files, hooks, as the backup bot does it. Resolves to the number of files that the snapshot gave. */
async function bringBack(
  context: RunContext,
  reporter: TierReporter,
  { lost, ...restoring }: Restoring & { readonly lost: LostMachine | null },
): Promise<number> {
  const { snapshot } = restoring
  return reporter.operation({ kind: 'restore', subject: snapshot.id.slice(0, 8) }, async () => {
    const before = await hooks(context, reporter, 'restore.pre-hook')
    const { files } = lost
      ? await restoreFiles(context, reporter, restoring)
      : await restore(await toolboxOf(context), snapshot, { signal: context.signal })
    const after = await hooks(context, reporter, 'restore.post-hook')
    recordHooks(reporter, [...before, ...after], 'the labels ask for no restore hook')
    if (lost) await restartBesideHooks(context, reporter)
    return files
  })
}

/** Without a file in the snapshot there is no evidence, and the tier cannot pass: that is an app without data and without witnesses. */
async function recordFiles(
  context: RunContext,
  reporter: TierReporter,
  { snapshot, files, lost }: { snapshot: BackupSnapshot; files: number; lost: LostMachine | null },
): Promise<void> {
  if (files === 0) {
    const message = 'the snapshot holds no file, so nothing could be brought back'
    reporter.finding(finding('nothing-restored', message))
    return
  }
  const restored = { kind: 'restored' as const, snapshot: snapshot.id, files }
  if (lost) {
    await recountFiles(context, lost, 'after')
    reporter.evidence({ ...restored, form: 'whole', emptied: [...lost.emptied], spared: [...lost.spared] })
  } else reporter.evidence({ ...restored, form: 'small' })
  reporter.check('files-restored', 'pass')
}
