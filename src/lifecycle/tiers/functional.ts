import { cause } from '../../verdict/causes.ts'
import { assertStable } from '../app/app-stability.ts'
import { type RunContext, type TierRunner, TierStop } from '../context.ts'
import { judgeTests } from '../custom/judge-tests.ts'
import { runSpecs, testRow } from '../custom/tests.ts'
import type { TierReporter } from '../reporter.ts'
import type { CustomRun, RowWithArtifacts } from '../test-rows.ts'

/** The recipe's own tests that need nothing but the app. */
export const functionalTier: TierRunner = {
  async run(context, reporter) {
    const { rows, empty } = await customRun(context, reporter)
    await assertStable(context, reporter)
    const mine = rows.filter((row) => !needsDep(context, row))
    if (mine.length > 0 || empty.length > 0 || rows.length === 0)
      return judgeRows(context, reporter, { rows: mine, empty })
    reporter.skip(`every custom test${matching(context)} needs a dependency`)
  },
}

/** All custom tests run once, whichever of the two tiers comes first. Throws TierStop `code-refused` when none of them may run, `no-tests-ran` when a filter leaves none. */
export async function customRun(context: RunContext, reporter: TierReporter): Promise<CustomRun> {
  const specs = context.plan.custom.admitted.specs.filter(({ kind }) => kind === 'custom')
  if (specs.length === 0) throw refused(context)
  context.state.custom ??= runSpecs(context, reporter, { specs, op: null, name: 'custom' })
  const run = await context.state.custom
  const { grep } = context.plan.request
  if (grep !== undefined && run.rows.length === 0) throw nothingMatches(grep)
  return run
}

/** Which tests are meant, where a filter leaves some out. */
export function matching({ plan }: RunContext): string {
  return plan.request.grep === undefined ? '' : ' that matches --grep'
}

function nothingMatches(grep: string): TierStop {
  const why = cause('no-tests-ran', `no custom test has a title that matches ${JSON.stringify(grep)} (--grep)`, {
    hint: 'It is a regular expression for titles of `describe` and `test` together; capitals count.',
  })
  return new TierStop('custom-tests', why, 'unverified')
}

/** True for a test that is tagged for a dependency which this recipe declares. */
export function needsDep({ plan }: RunContext, { row }: RowWithArtifacts): boolean {
  const { deps } = plan.settings.settings
  return deps.length > 0 && row.tags.some((tag) => tag === '@integration' || deps.some((name) => tag === `@${name}`))
}

/** Hands rows over to the fold, with the evidence that something was executed; refused tests keep the tier from passing. */
export function judgeRows(context: RunContext, reporter: TierReporter, { rows, empty }: CustomRun): void {
  for (const row of rows) reporter.test(testRow(context, row))
  const { outcome, cause, executed } = judgeTests(
    rows.map(({ row }) => row),
    empty,
  )
  if (executed.length > 0) reporter.evidence({ kind: 'tests', executed: executed.length, titles: [...executed] })
  if (outcome === 'unverified' && cause) throw new TierStop('custom-tests', cause, 'unverified')
  if (refusedTests(context).length > 0) throw refused(context)
  reporter.check('custom-tests', 'pass')
}

function refusedTests({ plan }: RunContext): string[] {
  return plan.custom.admitted.refused
    .filter(({ isTest, tiers }) => isTest && tiers.includes('functional'))
    .map(({ what }) => what)
}

function refused(context: RunContext): TierStop {
  const files = refusedTests(context)
  const message = `${files.length} test ${files.length === 1 ? 'file' : 'files'} of the recipe repository may not run here: ${files.join(', ')}`
  return new TierStop('custom-tests', cause('code-refused', message), 'unverified')
}
