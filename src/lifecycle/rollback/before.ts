import { backupPlan } from '../../backup/labels.ts'
import type { Release } from '../../deploy/deployer.ts'
import { InternalError } from '../../lib/errors.ts'
import { plant, recordBeforeLoss, unplant } from '../app/witnessing.ts'
import { lastBefore } from '../base/base-choice.ts'
import { type AttemptState, freshState, type RunContext, TierStop, type VersionBefore } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { appState, operationOf } from '../custom/operation.ts'
import type { TierReporter } from '../reporter.ts'
import { inspectBackup, takeSnapshot } from '../tiers/backup.ts'

/**
 * Backs the version before head up as its own labels and hooks do it, with witnesses of its own in the snapshot. They stay planted below head, which has
 * no use for them: whoever watches head plants again. What fails is kept for the tier that would have needed it, and says nothing of the upgrade.
 */
export async function backUpBefore(context: RunContext, reporter: TierReporter): Promise<void> {
  const { plan, state, signal } = context
  if (plan.skips.has('rollback')) return
  const deployed = state.current
  if (!deployed) throw new InternalError('rollback-without-base', 'there is no deployed version before head')
  const own = { ...freshState(), current: deployed }
  const before = versionBefore(context, own)
  const release = releaseBefore(context)
  const version = releaseName(release)
  await unplant(context)
  try {
    const quiet = reporter.quiet()
    const was = appState(deployed, release)
    await callFunction(before, reporter, 'hooks.preBackup', { op: operationOf('backup', was, null) })
    await plant(before, reporter)
    const { taken } = await reporter.operation({ kind: 'backup-before', subject: version }, () =>
      takeSnapshot(before, quiet),
    )
    await inspectBackup(before, quiet, taken)
    await recordBeforeLoss(before)
    reporter.evidence({ kind: 'snapshot', id: taken.id, volumes: [...taken.volumes] })
    reporter.check('backed-up-before', 'pass')
    state.before = { kind: 'backed-up', snapshot: taken, deployed, state: own }
  } catch (error) {
    if (signal.aborted || !(error instanceof TierStop)) throw error
    state.before = { kind: 'failed', stop: error }
    await unplant(before)
  }
}

/** The same run as it was before the upgrade: what looks at the app with it sees the version before, by its own labels. */
export function versionBefore(context: RunContext, state: AttemptState): RunContext {
  const { plan } = context
  const { base } = plan
  if (base.kind !== 'base') throw new InternalError('rollback-without-base', 'there is no version before head')
  const release = releaseBefore(context)
  return {
    ...context,
    state,
    plan: { ...plan, base: { ...base, release, via: [] }, upgrade: null, backup: backupPlan(release.stack) },
  }
}

export function releaseBefore({ plan: { base } }: RunContext): Release {
  if (base.kind === 'base') return lastBefore(base)
  throw new InternalError('rollback-without-base', 'there is no version before head')
}

/** For a person. */
export function releaseName({ chaos, commit, version }: Release): string {
  return chaos ? commit.slice(0, 8) : (version ?? commit.slice(0, 8))
}

/** Takes away what is still planted for a way back that was not gone. */
export async function forgetBefore(context: RunContext): Promise<void> {
  const { before } = context.state
  if (before?.kind === 'backed-up') await unplant(versionBefore(context, before.state))
}

export type BackedUpVersion = Extract<VersionBefore, { kind: 'backed-up' }>
