import { runHooks } from '../../backup/hooks.ts'
import { checkDumps, coverageOf, snapshot } from '../../backup/restic.ts'
import { type RunContext, type Tier, TierStop, type TierVoice } from '../context.ts'
import { hookExec, toolboxOf } from '../made.ts'
import { stayedUp } from '../still-up.ts'
import { plant } from '../witnessing.ts'

/** Hooks, a restic snapshot of what the labels cover, hooks again; then looks into the snapshot. */
export const backupTier: Tier = {
  id: 'backup',
  async run(context, voice) {
    const { plan, made, signal } = context
    for (const finding of plan.backup.findings) voice.finding(finding)
    await plant(context, voice)
    const toolbox = await toolboxOf(context)
    const taken = await voice.operation('back up', async () => {
      const before = await hooks(context, voice, 'backup.pre-hook')
      const taken = await snapshot(toolbox, plan.backup, { tag: plan.app.runId, signal })
      const after = await hooks(context, voice, 'backup.post-hook')
      recordHooks(voice, [...before, ...after], 'the labels ask for no backup hook')
      return taken
    })
    made.snapshotId = taken.id
    voice.evidence({ kind: 'snapshot', id: taken.id, volumes: [...taken.volumes] })
    const coverage = await coverageOf(toolbox, taken, plan.backup)
    if (coverage.cause) throw new TierStop('the snapshot holds what the labels promise', coverage.cause)
    voice.evidence(coverage.evidence)
    voice.check('the snapshot holds what the labels promise', 'pass')
    const dumps = await checkDumps(toolbox, taken, plan.backup)
    if (dumps) throw new TierStop('dumps are whole', dumps)
    voice.check('dumps are whole', 'pass')
    await stayedUp(context, voice)
  },
}

type HookRow = { service: string; phase: string; exitCode: number; ms: number }

/** Runs the hooks of one phase; a failing one ends the tier with its output. */
export async function hooks(
  context: RunContext,
  voice: TierVoice,
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
    onWaiting: voice.onWaiting,
  })
  if (ran.cause) throw new TierStop(`${phase} succeeds`, ran.cause)
  return [...ran.rows]
}

export function recordHooks(voice: TierVoice, rows: HookRow[], none: string): void {
  voice.evidence(rows.length > 0 ? { kind: 'hooks', hooks: rows } : { kind: 'hooks', none })
}
