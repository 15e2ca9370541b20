import { restore } from '../../backup/restic.ts'
import { InternalError } from '../../lib/errors.ts'
import type { Tier } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { lifecycleSpecs } from '../custom/lifecycle-specs.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { awaitReady } from '../custom/ready.ts'
import { toolboxOf } from '../made.ts'
import type { TierReporter } from '../reporter.ts'
import { converged, serves } from '../serving.ts'
import { stayedUp } from '../still-up.ts'
import { compareAfter, destroy } from '../witnessing.ts'
import { hooks, recordHooks } from './backup.ts'

/** Destroys what the backup must bring back, restores this run's own snapshot, and looks whether it is back. */
export const restoreTier: Tier = {
  id: 'restore',
  async run(context, reporter) {
    const { plan, made, signal, watch } = context
    const { snapshot, current } = made
    if (!snapshot || !current)
      throw new InternalError('restore-without-snapshot', 'the restore tier ran without a snapshot')
    const state = appState(current, plan.upgrade ?? plan.head)
    const op = operationOf('restore', state, state, snapshot.id)
    await callFunction(context, reporter, 'hooks.preRestore', { op })
    await watch.during({ kind: 'restore', services: 'all' }, async () => {
      await reporter.operation('destroy', () => destroy(context))
      const toolbox = await toolboxOf(context)
      const restored = await reporter.operation({ kind: 'restore', subject: snapshot.id.slice(0, 8) }, async () => {
        const before = await hooks(context, reporter, 'restore.pre-hook')
        const restored = await restore(toolbox, snapshot, { signal })
        const after = await hooks(context, reporter, 'restore.post-hook')
        recordHooks(reporter, [...before, ...after], 'the labels ask for no restore hook')
        return restored
      })
      recordFiles(reporter, snapshot.id, restored.files)
      await converged(context, reporter, current, current)
    })
    await awaitReady(context, reporter, op)
    await serves(context, reporter, plan.upgrade ?? plan.head)
    await compareAfter(context, reporter, 'restore')
    await lifecycleSpecs(context, reporter, op)
    await stayedUp(context, reporter)
  },
}

/** Without a file in the snapshot there is no evidence, and the tier cannot pass: that is an app without data and without witnesses. */
function recordFiles(reporter: TierReporter, snapshot: string, files: number): void {
  if (files === 0) {
    const message = 'the snapshot holds no file, so nothing could be brought back'
    reporter.finding({ code: 'nothing-restored', severity: 'warning', message })
    return
  }
  reporter.evidence({ kind: 'restored', snapshot, files })
  reporter.check('files-restored', 'pass')
}
