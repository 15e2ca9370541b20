import {
  compareAfterRestore,
  compareAfterUpgrade,
  destroyBeforeRestore,
  plantWitnesses,
  removeWitnesses,
} from '../backup/witness/index.ts'
import { cause } from '../verdict/causes.ts'
import { type RunContext, TierStop } from './context.ts'
import { hookExec, toolboxOf } from './made.ts'
import type { TierReporter } from './reporter.ts'

/** Lines of a cause for each database. */
const MAX_DETAILS = 10

/** Plants the witnesses anew, so that each tier compares with the state right before its own operation. */
export async function plant(context: RunContext, reporter: TierReporter): Promise<void> {
  const { plan, made } = context
  const { witness } = plan.settings.settings
  if (witness === false) {
    const message = '`witness: false` in the settings: no data is watched, so upgrade and restore cannot pass'
    reporter.finding({ code: 'data-unwatched', severity: 'warning', message })
    return
  }
  await unplant(context)
  made.witnesses = await plantWitnesses(await surroundings(context), witness === 'auto' ? undefined : witness)
  for (const message of made.witnesses.unwatched)
    reporter.finding({ code: 'data-unwatched', severity: 'warning', message })
}

/** Of a volume that the recipe says it leaves out on purpose nothing is asked back. */
export function forgetRemovedVolumes({ plan, made }: RunContext): void {
  if (!made.witnesses) return
  const removed = Object.keys(plan.settings.settings.removed).flatMap((subject) =>
    subject.startsWith('volume:') ? [subject.slice('volume:'.length)] : [],
  )
  made.witnesses = { ...made.witnesses, worthless: new Set([...made.witnesses.worthless, ...removed]) }
}

export async function destroy(context: RunContext): Promise<void> {
  if (context.made.witnesses) await destroyBeforeRestore(await surroundings(context), context.made.witnesses)
}

/** Removes what was planted; nothing of ours stays in the app. */
export async function unplant(context: RunContext): Promise<void> {
  const { witnesses } = context.made
  context.made.witnesses = undefined
  if (witnesses) await removeWitnesses(await surroundings(context), witnesses)
}

const KILLED_HINT =
  'Containers were killed or replaced, nothing else: what must stay belongs in a volume, and a start must not clear it.'

export async function compareAfter(
  context: RunContext,
  reporter: TierReporter,
  operation: 'upgrade' | 'restore' | 'resilience',
): Promise<void> {
  const { witnesses } = context.made
  // Without witnesses there is no evidence, and the fold makes the tier unverified: that is what `witness: false` asks for.
  if (!witnesses) return
  const compare = operation === 'restore' ? compareAfterRestore : compareAfterUpgrade
  const evidence = await compare(await surroundings(context), witnesses)
  reporter.evidence(evidence)
  await unplant(context)
  const lost = 'witnesses' in evidence ? evidence.witnesses.filter(({ result }) => result === 'lost') : []
  if (lost.length > 0) {
    const what = lost.map(({ subject, summary }) => `${subject}: ${summary}`).join('; ')
    const message = operation === 'resilience' ? `after its containers were killed: ${what}` : what
    const lines = lost.flatMap(({ subject, before, after, details = [] }) => [
      `${subject}: before ${before}, after ${after}`,
      ...details.slice(0, MAX_DETAILS).map((detail) => `${subject}: ${detail}`),
    ])
    throw new TierStop(
      'data-kept',
      cause(operation === 'restore' ? 'restore-no-effect' : 'data-lost', message, {
        lines,
        ...(operation === 'resilience' ? { hint: KILLED_HINT } : {}),
      }),
    )
  }
  reporter.check('data-kept', 'pass')
}

async function surroundings(context: RunContext) {
  const { plan, host, signal } = context
  return {
    toolbox: await toolboxOf(context),
    engine: host.engine,
    stack: plan.app.stack,
    model: (context.made.headServes && plan.upgrade
      ? plan.upgrade
      : plan.base.kind === 'base'
        ? plan.base.release
        : plan.head
    ).stack,
    plan: plan.backup,
    exec: hookExec(context),
    signal,
  }
}
