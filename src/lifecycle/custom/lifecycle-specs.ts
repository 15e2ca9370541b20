import type { Spec } from '../../config/customization.ts'
import type { Operation } from '../../public/ctx.ts'
import type { RunContext, TierVoice } from '../context.ts'
import { runSpecs, testRow } from './tests.ts'

/** Runs `tests/<tier>.spec.ts` after the tier's operation; a failed test fails the tier. */
export async function lifecycleSpecs(context: RunContext, voice: TierVoice, op: Operation): Promise<void> {
  const kind: Spec['kind'] = op.name
  const specs = context.plan.custom.admitted.specs.filter((spec) => spec.kind === kind)
  if (specs.length === 0) return
  const { rows } = await runSpecs(context, voice, { specs, op, name: kind })
  for (const row of rows) context.events.append({ type: 'test', tier: voice.tier, test: testRow(context, row) })
  const executed = rows.filter(({ row }) => row.status !== 'skipped').length
  if (executed === 0) {
    const message = `the ${rows.length} tests of ${specs.map(({ shown }) => shown).join(', ')} were all skipped`
    voice.finding({ code: 'no-tests-ran', severity: 'warning', message })
    return
  }
  voice.check(`${kind}.spec.ts was executed`, 'pass')
}
