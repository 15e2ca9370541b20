import type { Spec } from '../../config/customization.ts'
import type { Operation } from '../../public/ctx.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { TierReporter } from '../reporter.ts'
import { judgeTests } from './judge-tests.ts'
import { runSpecs, testRow } from './tests.ts'

/** Runs `tests/<tier>.spec.ts` after the tier's operation; a failed test fails the tier. */
export async function lifecycleSpecs(context: RunContext, reporter: TierReporter, op: Operation): Promise<void> {
  const kind: Spec['kind'] = op.name
  const specs = context.plan.custom.admitted.specs.filter((spec) => spec.kind === kind)
  if (specs.length === 0) return
  const { rows, empty } = await runSpecs(context, reporter, { specs, op, name: kind })
  for (const row of rows) reporter.test(testRow(context, row))
  const { outcome, cause } = judgeTests(
    rows.map(({ row }) => row),
    empty,
  )
  const executed = { id: 'specs-executed', subject: kind } as const
  if (outcome === 'unverified' && cause) throw new TierStop(executed, cause, 'unverified')
  if (outcome === 'pass') reporter.check(executed, 'pass')
}
