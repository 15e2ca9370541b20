import type { Spec } from '../../config/customization.ts'
import type { Operation } from '../../public/ctx.ts'
import { type RunContext, type TierReporter, TierStop } from '../context.ts'
import { judgeTests } from './judge-tests.ts'
import { runSpecs, testRow } from './tests.ts'

/** Runs `tests/<tier>.spec.ts` after the tier's operation; a failed test fails the tier. */
export async function lifecycleSpecs(context: RunContext, reporter: TierReporter, op: Operation): Promise<void> {
  const kind: Spec['kind'] = op.name
  const specs = context.plan.custom.admitted.specs.filter((spec) => spec.kind === kind)
  if (specs.length === 0) return
  const { rows, empty } = await runSpecs(context, reporter, { specs, op, name: kind })
  for (const row of rows) context.events.append({ type: 'test', tier: reporter.tier, test: testRow(context, row) })
  const { outcome, cause } = judgeTests(
    rows.map(({ row }) => row),
    empty,
  )
  if (outcome === 'unverified' && cause) throw new TierStop(`${kind}.spec.ts was executed`, cause, 'unverified')
  if (outcome === 'pass') reporter.check(`${kind}.spec.ts was executed`, 'pass')
}
