import { CancelledError, messageOf } from '../../lib/errors.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { fold } from '../../verdict/fold.ts'
import { assertStableBeforeStop } from '../app/app-stability.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { servicesOf, whileStopped } from '../app/while-stopped.ts'
import type { RunContext } from '../context.ts'
import { awaitReady } from '../custom/ready.ts'
import { toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { type CheckpointTier, digestsOf, releaseAfter } from './checkpoint.ts'
import { bytesOf, copyVolume, measureVolumes, valuesOf, volumesOf } from './copy-data.ts'

/**
 * Keeps the app, which stands still, as it is after this tier. What keeps that from happening is a finding and decides nothing.
 */
export async function keepCheckpoint(
  context: RunContext,
  reporter: TierReporter,
  after: CheckpointTier,
): Promise<void> {
  const { checkpoints, plan, signal } = context
  if (!checkpoints) return
  const why = checkpoints.keeper.refusal(plan)
  if (why !== null) {
    if (checkpoints.everyTier) reporter.finding(notKept(after, why))
    return
  }
  try {
    await reporter.operation({ kind: 'checkpoint', subject: after }, () => take(context, after))
  } catch (error) {
    if (signal.aborted || error instanceof CancelledError) throw error
    reporter.finding(notKept(after, messageOf(error)))
  }
}

/** Code of the recipe that runs between the backup and the loss may destroy data: what is left is no longer the app as it was after `backup`. */
export function changesBeforeLoss({ plan }: RunContext): boolean {
  return plan.custom.admitted.functions.has('hooks.preRestore')
}

/** With `--checkpoints`: stops the app of a tier that has passed, keeps it, and has it serve again. */
export async function checkpointAfter(
  context: RunContext,
  reporter: TierReporter,
  after: CheckpointTier,
): Promise<void> {
  const { checkpoints, plan, state, watch } = context
  const { current } = state
  if (!checkpoints?.everyTier || !current) return
  // Nothing is stopped for what is refused; it is reported there.
  if (checkpoints.keeper.refusal(plan) !== null) return keepCheckpoint(context, reporter, after)
  const quiet = reporter.quiet()
  await assertStableBeforeStop(context, reporter)
  await watch.during({ kind: 'restore', services: 'all' }, async () => {
    await whileStopped(context, reporter, await servicesOf(context), () => keepCheckpoint(context, reporter, after))
    await awaitConvergence(context, quiet, current, current)
  })
  await awaitReady(context, quiet, null)
  await awaitServing(context, quiet, releaseAfter(plan, after))
}

/** When all is over: of a run that failed the checkpoint stays, and how to continue from it is said; of any other it goes. */
export async function settleCheckpoint({ checkpoints, plan, events, clock }: RunContext): Promise<void> {
  const { runId } = plan.app
  const after = checkpoints?.keeper.storedAfter(runId) ?? null
  if (!checkpoints || after === null) return
  const at = new Date(clock.now()).toISOString()
  const { verdict } = fold([...events.all(), { seq: events.all().length + 1, at, type: 'run.ended' }])
  if (verdict === 'pass') return checkpoints.keeper.discard(runId)
  events.append({ type: 'finding', ...resumable(runId, after) })
}

function resumable(runId: string, after: CheckpointTier): Finding {
  return finding(
    'checkpoint-kept',
    `the app is kept as it was after ${after}: \`cc-ci test --resume ${runId}\` continues from there, with the same head`,
  )
}

function notKept(after: CheckpointTier, why: string): Finding {
  const message = `no checkpoint after ${after}: ${why}`
  return finding('checkpoint-not-kept', message)
}

async function take(context: RunContext, after: CheckpointTier): Promise<void> {
  const { checkpoints, plan, state, signal } = context
  if (!checkpoints) return
  const release = releaseAfter(plan, after)
  const toolbox = await toolboxOf(context)
  const volumes = await measureVolumes(toolbox, volumesOf(release), signal)
  const { stack, domain, runId } = plan.app
  const { name } = plan.repo
  const { commit, dirty } = plan.head
  const { base, only, rollback } = plan.request
  const facts = {
    recipe: { name, commit, dirty },
    ...{ after, request: { base, only, rollback }, digests: digestsOf(plan) },
  }
  const app = { runId, domain, stack, images: state.current?.images ?? [] }
  const secrets = { env: release.env, values: valuesOf(context, release) }
  const draft = await checkpoints.keeper.begin(facts, app, secrets, bytesOf(volumes))
  try {
    for (const volume of volumes) await copyVolume(toolbox, draft, { volume, signal })
    await draft.commit()
  } finally {
    // Of one that was committed nothing is there any more.
    await draft.discard().catch(() => undefined)
  }
}
