import { runHooks } from '../../backup/hooks.ts'
import { type BackupSnapshot, checkDumps, coverageOf, snapshot } from '../../backup/restic.ts'
import { verifySnapshot } from '../../backup/verify.ts'
import { cause } from '../../verdict/causes.ts'
import { finding } from '../../verdict/findings.ts'
import { assertStable } from '../app/app-stability.ts'
import { backUpByBot } from '../app/bot-backup.ts'
import { plant } from '../app/witnessing.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import { callFunction } from '../custom/function.ts'
import { lifecycleSpecs } from '../custom/lifecycle-specs.ts'
import { appState, operationOf } from '../custom/operation.ts'
import { hookExec, toolboxOf } from '../open-resources.ts'
import type { TierReporter } from '../reporter.ts'
import { changesBeforeLoss, checkpointAfter } from '../stored-data/keep-checkpoint.ts'

/** `backup.verify` that says no has the whole backup made again, so often in all: a first one may meet an app that is still busy. */
const ATTEMPTS = 3

/** Hooks, a restic snapshot of what the labels cover, hooks again; then looks into the snapshot. */
export const backupTier: TierRunner = {
  async run(context, reporter) {
    const { plan, state: known } = context
    for (const finding of plan.backup.findings) reporter.finding(finding)
    const state = appState(known.current, plan.head)
    await callFunction(context, reporter, 'hooks.preBackup', { op: operationOf('backup', state, null) })
    await plant(context, reporter)
    const { taken, hooked } = await verifiedBackup(context, reporter)
    known.snapshot = taken
    recordHooks(reporter, hooked, 'the labels ask for no backup hook')
    reporter.evidence({ kind: 'snapshot', id: taken.id, volumes: [...taken.volumes] })
    await inspectBackup(context, reporter, taken)
    await backUpByBot(context, reporter)
    await lifecycleSpecs(context, reporter, operationOf('backup', state, state, taken.id))
    await assertStable(context, reporter)
    if (changesBeforeLoss(context)) await checkpointAfter(context, reporter, 'backup')
  },
}

/** Whether the snapshot holds what the labels promise. */
export async function inspectBackup(context: RunContext, reporter: TierReporter, taken: BackupSnapshot): Promise<void> {
  const { backup } = context.plan
  const toolbox = await toolboxOf(context)
  const coverage = await coverageOf(toolbox, taken, backup)
  if (coverage.cause) throw new TierStop('snapshot-covers', coverage.cause)
  reporter.evidence(coverage.evidence)
  reporter.check('snapshot-covers', 'pass')
  const dumps = await checkDumps(toolbox, taken, backup)
  if (dumps) throw new TierStop('dumps-whole', dumps)
  reporter.check('dumps-whole', 'pass')
}

/** Hooks, a snapshot, hooks. */
export async function takeSnapshot(context: RunContext, reporter: TierReporter): Promise<Taken> {
  const { plan, signal, watch } = context
  const services = plan.backup.hooks.map(({ service }) => service)
  return watch.during({ kind: 'backup', services }, async () => {
    const before = await hooks(context, reporter, 'backup.pre-hook')
    const taken = await snapshot(await toolboxOf(context), plan.backup, { tag: plan.app.runId, signal })
    const after = await hooks(context, reporter, 'backup.post-hook')
    return { taken, hooked: [...before, ...after] }
  })
}

interface Taken {
  readonly taken: BackupSnapshot
  readonly hooked: HookRow[]
}

async function verifiedBackup(context: RunContext, reporter: TierReporter): Promise<Taken> {
  let no: string | null = null
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const backup = await backUp(context, reporter, attempt)
    no = await verifyProblem(context, reporter, backup.taken.id)
    if (no === null) return backup
    reporter.finding(finding('backup-not-verified', `backup ${attempt} of ${ATTEMPTS}: ${no}`))
  }
  throw new TierStop('backup-verified', cause('backup-not-verified', `after ${ATTEMPTS} backups: ${no}`))
}

function backUp(context: RunContext, reporter: TierReporter, attempt: number): Promise<Taken> {
  return reporter.operation(attempt === 1 ? 'backup' : { kind: 'backup-again', subject: `${attempt}` }, () =>
    takeSnapshot(context, reporter),
  )
}

/** What rules or function of `backup.verify` miss in this snapshot; null when they are content or there are none. */
async function verifyProblem(context: RunContext, reporter: TierReporter, id: string): Promise<string | null> {
  const rules = context.plan.settings.settings.backup.verify
  const broken = rules.length > 0 ? await verifySnapshot(await toolboxOf(context), id, rules) : null
  if (broken !== null) return context.masker.mask(broken)
  const state = appState(context.state.current, context.plan.head)
  const called = await callFunction(context, reporter, 'backup.verify', { op: operationOf('backup', state, state, id) })
  if (called.called && called.value !== true) return `backup.verify gave back ${JSON.stringify(called.value)}`
  if (rules.length > 0 || called.called) reporter.check('backup-verified', 'pass')
  return null
}

type HookRow = { service: string; phase: string; exitCode: number; ms: number }

/** Runs the hooks of one phase; a failing one ends the tier with its output. */
export async function hooks(
  context: RunContext,
  reporter: TierReporter,
  phase: Parameters<typeof runHooks>[0]['phase'],
): Promise<HookRow[]> {
  const { plan, signal, clock, masker } = context
  const ran = await runHooks({
    plan: plan.backup,
    phase,
    exec: hookExec(context),
    signal,
    clock,
    mask: (text) => masker.mask(text),
    onWaiting: reporter.onWaiting,
  })
  if (ran.cause) throw new TierStop({ id: 'backup-hook', subject: phase }, ran.cause)
  return [...ran.rows]
}

export function recordHooks(reporter: TierReporter, rows: HookRow[], none: string): void {
  reporter.evidence(rows.length > 0 ? { kind: 'hooks', hooks: rows } : { kind: 'hooks', none })
}
