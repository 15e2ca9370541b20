import { assertStable } from '../app/app-stability.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import { healthOfDeps } from '../custom/deps.ts'
import { customRun, judgeRows, matching, needsDep } from './functional.ts'

/** The recipe's own tests that need a dependency. Without it they prove nothing, whatever they say. */
export const integrationTier: TierRunner = {
  async run(context, reporter) {
    const healthy = await healthOfDeps(context)
    const [failed] = context.resources.deps.failures.values()
    const none = noTests(context)
    const rows = none ? [] : (await customRun(context, reporter)).rows.filter((row) => needsDep(context, row))
    if (failed) throw new TierStop('deps-there', failed, 'unverified')
    if (rows.length === 0) {
      const reason = none ? 'no custom tests' : `no custom test${matching(context)} is tagged @integration`
      return reporter.skip(reason)
    }
    reporter.evidence({ kind: 'provider', providers: healthy.map((name) => ({ name, healthy: true })) })
    reporter.check('deps-there', 'pass')
    await assertStable(context, reporter)
    judgeRows(context, reporter, { rows, empty: [] })
  },
}

function noTests({ plan }: RunContext): boolean {
  const { specs, refused } = plan.custom.admitted
  return !specs.some(({ kind }) => kind === 'custom') && !refused.some(({ tiers }) => tiers.includes('integration'))
}
