import { countFiles, emptyVolume, filesOpenIn, lossOf, outsideOf, type PlannedLoss } from '../../backup/loss.ts'
import { type BackupSnapshot, restore } from '../../backup/restic.ts'
import { servicesMounting } from '../../backup/witness/server.ts'
import type { Deployment, Release } from '../../deploy/deployer.ts'
import { isOneShot } from '../../engine/convergence/task-exit.ts'
import type { ServiceState } from '../../engine/types.ts'
import type { Operation } from '../../public/ctx.ts'
import { checkAfter } from '../../verdict/checks.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import { finding } from '../../verdict/findings.ts'
import { awaitConvergence, awaitServing } from '../app/serving.ts'
import { servicesOf, whileStopped } from '../app/while-stopped.ts'
import { type RunContext, TierStop } from '../context.ts'
import { awaitReady } from '../custom/ready.ts'
import { toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { changesBeforeLoss, keepCheckpoint } from '../stored-data/keep-checkpoint.ts'

type Restored = Extract<Evidence, { kind: 'restored' }>
type Emptied = NonNullable<Restored['emptied']>[number]

/** What the loss of the machine took and what it left, filled in as the tier continues. */
export interface LostMachine {
  readonly loss: PlannedLoss
  emptied: Emptied[]
  readonly spared: NonNullable<Restored['spared']>
  /** Files that no label names, in volumes that were lost all the same. */
  readonly outside: ReadonlyMap<string, readonly string[]>
}

/** What checks of the new app follow. */
const LOST = { kind: 'lose' } as const
const AS_NEW = 'started as new after its volumes were emptied'
const AS_NEW_HINT =
  'This is what an operator meets on a new machine: the same stack, env and secrets, and empty volumes. Nothing can be restored into an app that does not come up there.'

/** Null: there is nothing that could be lost whole. */
export async function planLoss(context: RunContext, release: Release): Promise<PlannedLoss | null> {
  const { volumes } = await toolboxOf(context)
  const loss = lossOf(context.plan.backup, release.stack, volumes)
  return loss.emptied.length > 0 ? loss : null
}

/**
 * The machine is lost: every service is stopped, the volumes are emptied, and everything is started again from the very specs that it had. What ran once
 * runs once more, because on a new machine it does.
 */
export async function loseMachine(
  context: RunContext,
  reporter: TierReporter,
  loss: PlannedLoss,
): Promise<LostMachine> {
  const { plan, signal } = context
  const toolbox = await toolboxOf(context)
  const bounds = { signal }
  const counts = async (volume: string) => (await countFiles(toolbox, volume, bounds)).files
  const planned = plan.backup.volumes.filter(({ volume }) => loss.emptied.includes(volume))
  const outside = new Map<string, readonly string[]>()
  for (const one of planned) outside.set(one.volume, await outsideOf(toolbox, one))
  const spared: NonNullable<Restored['spared']> = []
  for (const one of loss.spared) spared.push({ ...one, ...(await countFiles(toolbox, one.volume, bounds)) })
  const emptied: Emptied[] = []
  await whileStopped(context, reporter, await servicesOf(context), async () => {
    if (!changesBeforeLoss(context)) await keepCheckpoint(context, reporter, 'backup')
    for (const volume of loss.emptied) {
      const before = await counts(volume)
      await emptyVolume(toolbox, volume, bounds)
      emptied.push({ volume, before, left: await counts(volume), asNew: 0, after: 0 })
    }
  })
  return { loss, emptied, spared, outside }
}

interface New {
  readonly lost: LostMachine
  readonly deployed: Deployment
  readonly release: Release
  readonly op: Operation
}

/** The app has converged on its empty volumes. `before`: what ran there before; null where it was deployed as new. */
export async function awaitConvergenceAsNew(
  context: RunContext,
  reporter: TierReporter,
  { lost, deployed }: Pick<New, 'lost' | 'deployed'>,
  before: Deployment | null = deployed,
): Promise<void> {
  await asNew(lost, () => awaitConvergence(context, ofNew(reporter), deployed, before))
}

/** It is ready and serves, as it did when it was installed: hooks need a server that has made its own files. */
export async function awaitServingAsNew(
  context: RunContext,
  reporter: TierReporter,
  { lost, release, op }: Omit<New, 'deployed'>,
): Promise<void> {
  await asNew(lost, async () => {
    await awaitReady(context, ofNew(reporter), op)
    await awaitServing(context, ofNew(reporter), release)
  })
}

/** Evidence of the new app is none of what was restored. */
function ofNew(reporter: TierReporter): TierReporter {
  return { ...reporter.after(LOST), evidence: () => {} }
}

async function asNew({ spared }: LostMachine, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof TierStop)) throw error
    const { check, why, outcome } = error
    const left = spared.filter(({ files }) => files > 0).map(({ volume }) => volume)
    const but = left.length > 0 ? ` Left alone, with what they hold: ${left.join(', ')}.` : ''
    const cause = { ...why, message: `${AS_NEW}: ${why.message}`, hint: `${why.hint} ${AS_NEW_HINT}${but}` }
    throw new TierStop(checkAfter(check, LOST), cause, outcome, { cause: error })
  }
}

/**
 * Puts the files of the snapshot back. What has them open is stopped meanwhile (see `filesOpenIn`), without restore hooks everything: a program would go
 * on with what it read from the empty volumes. Resolves when all of them have come up again, ready for hooks.
 */
export async function restoreFiles(
  context: RunContext,
  reporter: TierReporter,
  { snapshot, deployed, release }: { snapshot: BackupSnapshot; deployed: Deployment; release: Release },
): Promise<{ files: number }> {
  const { plan, signal } = context
  const hooked = plan.backup.hooks.some(({ phase }) => phase === 'restore.post-hook')
  const open = filesOpenIn(plan.backup, release.stack)
  const running = await runningServices(context)
  const stopped = hooked ? running.filter(({ service }) => open.includes(service)) : running
  const toolbox = await toolboxOf(context)
  const restored = await whileStopped(context, reporter, stopped, () =>
    restore(toolbox, snapshot, { signal, verify: true }),
  )
  if (hooked && stopped.length > 0) await awaitConvergence(context, reporter.quiet(), deployed, deployed)
  return restored
}

/**
 * After the hooks: what has none of its own may still hold in memory what it found in the empty database, and nothing told it that this was replaced.
 * An operator restarts it; so does this.
 */
export async function restartBesideHooks(context: RunContext, reporter: TierReporter): Promise<void> {
  const hooked = context.plan.backup.hooks.flatMap(({ phase, service }) =>
    phase === 'restore.post-hook' ? [service] : [],
  )
  if (hooked.length === 0) return
  const others = (await runningServices(context)).filter(({ service }) => !hooked.includes(service))
  await whileStopped(context, reporter, others, async () => undefined)
}

/** Without one-shots: what they did is done, and restored. */
async function runningServices(context: RunContext): Promise<ServiceState[]> {
  const tasks = await context.host.engine.tasks(context.plan.app.stack)
  const runs = ({ id }: ServiceState) => tasks.some((task) => task.serviceId === id && task.state === 'running')
  return (await servicesOf(context)).filter((service) => !isOneShot(service) || runs(service))
}

/** Counts what lies in the lost volumes now. */
export async function recountFiles(context: RunContext, lost: LostMachine, when: 'asNew' | 'after'): Promise<void> {
  const toolbox = await toolboxOf(context)
  const counted: Emptied[] = []
  for (const row of lost.emptied) {
    const { files } = await countFiles(toolbox, row.volume, { signal: context.signal })
    counted.push({ ...row, [when]: files })
  }
  lost.emptied = counted
}

const SHOWN = 5

/** What would have been lost for good with a real machine: findings, by name. */
export async function reportUncovered(
  context: RunContext,
  reporter: TierReporter,
  { lost, release }: { readonly lost: LostMachine; readonly release: Release },
): Promise<void> {
  for (const { volume, why, files, bytes } of lost.spared) {
    if (files === 0) continue
    const size = `${files} file${files === 1 ? '' : 's'}, ${bytes} bytes`
    const message = `the volume ${volume} (${size}) is in no backup: ${why}; it was left alone, but is gone with a lost machine`
    const severity = why.startsWith('backupbot.') ? 'info' : 'warning'
    reporter.finding(finding('not-in-backup', message, { severity }))
  }
  const toolbox = await toolboxOf(context)
  for (const planned of context.plan.backup.volumes) {
    const before = lost.outside.get(planned.volume) ?? []
    if (before.length === 0 || isOfHooks(context, planned.volume, release)) continue
    const now = new Set(await outsideOf(toolbox, planned))
    const gone = before.filter((file) => !now.has(file))
    if (gone.length === 0) continue
    const more = gone.length > SHOWN ? ` and ${gone.length - SHOWN} more` : ''
    const message = `the labels leave ${gone.length} file${gone.length === 1 ? '' : 's'} of the volume ${planned.volume} out, which did not come back: ${gone.slice(0, SHOWN).join(', ')}${more}`
    reporter.finding(finding('not-in-backup', message))
  }
}

/** The files of a database come back by its dump, under whatever names; the witnesses look into it. */
function isOfHooks({ plan, state }: RunContext, volume: string, release: Release): boolean {
  const hooked = plan.backup.hooks.map(({ service }) => service)
  const watched = (state.witnesses?.witnesses ?? []).map(({ subject }) => subject.slice(subject.indexOf(':') + 1))
  return servicesMounting(volume, release.stack).some(
    (service) => hooked.includes(service) || watched.includes(service),
  )
}
