import {
  compareAfterRestore,
  compareAfterUpgrade,
  destroyBeforeRestore,
  flushBeforeKill as flush,
  inspectAfterLoss as look,
  recordBeforeLoss as note,
  plantWitnesses,
  removeWitnesses,
  type WitnessEvidence,
} from '../../backup/witness/index.ts'
import type { Release } from '../../deploy/deployer.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { isLostOutsideBackup } from '../../verdict/evidence.ts'
import { finding } from '../../verdict/findings.ts'
import { type RunContext, TierStop } from '../context.ts'
import { hookExec, toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { anonymousVolumes } from '../resilience/writable-layer.ts'

/** Lines of a cause for each database. */
const MAX_DETAILS = 10

/** Plants the witnesses again, so that each tier compares with the state right before its own operation. */
export async function plant(context: RunContext, reporter: TierReporter): Promise<void> {
  const { plan, state } = context
  const { witness } = plan.settings.settings
  if (witness === false) {
    const message = '`witness: false` in the settings: no data is watched, so upgrade and restore cannot pass'
    reporter.finding(finding('data-unwatched', message))
    return
  }
  await unplant(context)
  state.witnesses = await plantWitnesses(await surroundings(context), witness === 'auto' ? undefined : witness)
  for (const message of state.witnesses.unwatched) reporter.finding(finding('data-unwatched', message))
}

/** Of a volume that the recipe says it leaves out on purpose nothing is asked back. */
export function forgetRemovedVolumes({ plan, state }: RunContext): void {
  if (!state.witnesses) return
  const removed = Object.keys(plan.settings.settings.removed).flatMap((subject) =>
    subject.startsWith('volume:') ? [subject.slice('volume:'.length)] : [],
  )
  state.witnesses = { ...state.witnesses, worthless: new Set([...state.witnesses.worthless, ...removed]) }
}

export async function destroy(context: RunContext): Promise<void> {
  if (context.state.witnesses) await destroyBeforeRestore(await surroundings(context), context.state.witnesses)
}

/** Right before containers are killed: what a server writes down later than it answers is written down, as it is of data that was there for long. */
export async function flushBeforeKill(context: RunContext): Promise<void> {
  if (context.state.witnesses) await flush(await surroundings(context), context.state.witnesses)
}

/** Right before everything that the labels promise is lost. */
export async function recordBeforeLoss(context: RunContext): Promise<void> {
  if (context.state.witnesses) await note(await surroundings(context), context.state.witnesses)
}

/** Once the app has come up as new. */
export async function inspectAfterLoss(context: RunContext): Promise<void> {
  if (context.state.witnesses) await look(await surroundings(context), context.state.witnesses)
}

/** Removes what was planted; nothing of ours stays in the app. */
export async function unplant(context: RunContext): Promise<void> {
  const { witnesses } = context.state
  context.state.witnesses = undefined
  if (witnesses) await removeWitnesses(await surroundings(context), witnesses)
}

const KILLED_HINT =
  'Containers were killed or replaced, nothing else: what must stay belongs in a volume, and a start must not clear it.'

const UNCOVERED_HINT =
  'It was destroyed and did not come back. Look whether the dump holds every database and table, whether a `backupbot.restore.post-hook` loads it, and whether that ends at the first error.'

type Lost = Extract<WitnessEvidence, { witnesses: unknown }>['witnesses']

/** `emptied`: the volumes that were lost before a restore; undefined where only markers and dumps were. */
export async function compareAfter(
  context: RunContext,
  reporter: TierReporter,
  operation: 'upgrade' | 'restore' | 'resilience',
  emptied?: readonly string[],
): Promise<void> {
  const { witnesses } = context.state
  // Without witnesses there is no evidence, and the fold makes the tier unverified: that is what `witness: false` asks for.
  if (!witnesses) return
  const around = await surroundings(context)
  const evidence =
    operation === 'restore'
      ? await compareAfterRestore(around, witnesses, emptied)
      : await compareAfterUpgrade(around, witnesses)
  reporter.evidence(evidence)
  await unplant(context)
  const rows = 'witnesses' in evidence ? evidence.witnesses : []
  for (const { subject, summary } of rows.filter(isLostOutsideBackup)) {
    const message = `the database ${subject} is in no backup, and is gone with a lost machine: ${summary}`
    reporter.finding(finding('not-in-backup', message))
  }
  const lost = rows.filter(({ result }) => result === 'lost')
  if (lost.length > 0) {
    const anonymous = operation === 'restore' ? [] : await anonymousVolumes(context.host.engine, context.plan.app.stack)
    throw new TierStop('data-kept', causeOfLoss(lost, operation, anonymous))
  }
  reporter.check('data-kept', 'pass')
}

/** `anonymous`: where services keep data in no volume, which explains a loss better than what was lost. */
function causeOfLoss(lost: Lost, operation: 'upgrade' | 'restore' | 'resilience', anonymous: readonly string[]): Cause {
  const what = lost.map(({ subject, summary }) => `${subject}: ${summary}`).join('; ')
  const each = lost.flatMap(({ subject, before, destroyed, after, details = [] }) => [
    `${subject}: before ${before}${destroyed === undefined ? '' : `, destroyed ${destroyed}`}, after ${after}`,
    ...details.slice(0, MAX_DETAILS).map((detail) => `${subject}: ${detail}`),
  ])
  const lines = [...anonymous, ...each]
  if (operation === 'upgrade') return cause('data-lost', what, { lines })
  if (operation === 'resilience') {
    return cause('data-lost', `after its containers were killed: ${what}`, { lines, hint: KILLED_HINT })
  }
  // What came back in part shows that the restore works: the rest was not in it.
  const isUncovered = lost.every(({ loss }) => loss === 'not-covered')
  return isUncovered
    ? cause('backup-not-covered', what, { lines, hint: UNCOVERED_HINT })
    : cause('restore-no-effect', what, { lines })
}

/** The data of the base after a step on its way to head; what was planted stays. Resolves to the number of things looked at. */
export async function compareOnTheWay(context: RunContext): Promise<number> {
  const { witnesses } = context.state
  if (!witnesses) return 0
  const evidence = await compareAfterUpgrade(await surroundings(context), witnesses)
  const rows = 'witnesses' in evidence ? evidence.witnesses : []
  const lost = rows.filter(({ result }) => result === 'lost')
  if (lost.length > 0) throw new TierStop('data-kept', causeOfLoss(lost, 'upgrade', []))
  return rows.length
}

function running({ plan, state }: RunContext): Release {
  if (state.headServes && plan.upgrade) return plan.upgrade
  return state.step ?? (plan.base.kind === 'base' ? plan.base.release : plan.head)
}

async function surroundings(context: RunContext) {
  const { plan, host, signal } = context
  return {
    toolbox: await toolboxOf(context),
    engine: host.engine,
    stack: plan.app.stack,
    model: running(context).stack,
    plan: plan.backup,
    exec: hookExec(context),
    signal,
  }
}
