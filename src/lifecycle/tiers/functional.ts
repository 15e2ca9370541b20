import { cause } from '../../verdict/causes.ts'
import { type RunContext, type Tier, TierStop, type TierVoice } from '../context.ts'
import { type KeptRow, runSpecs, testRow } from '../custom/tests.ts'

/** The recipe's own tests that need nothing but the app. */
export const functionalTier: Tier = {
  id: 'functional',
  async run(context, voice) {
    const rows = await customRows(context, voice)
    const mine = rows.filter((row) => !needsDep(context, row))
    if (mine.length === 0 && rows.length > 0) return skipped(context, 'every custom test needs a dependency')
    judgeRows(context, voice, mine)
  },
}

function skipped({ events }: RunContext, reason: string): void {
  events.append({ type: 'tier.skipped', tier: 'functional', kind: 'structural', reason })
}

/** All custom tests run once, whichever of the two tiers comes first. Throws TierStop `code-refused` when some may not run. */
export async function customRows(context: RunContext, voice: TierVoice): Promise<readonly KeptRow[]> {
  const specs = context.plan.custom.admitted.specs.filter(({ kind }) => kind === 'custom')
  if (specs.length === 0) throw refused(context)
  context.made.custom ??= runSpecs(context, voice, { specs, op: null, name: 'custom' })
  return (await context.made.custom).rows
}

/** True for a test that is tagged for a dependency which this recipe declares. */
export function needsDep({ plan }: RunContext, { row }: KeptRow): boolean {
  const { deps } = plan.settings.settings
  return deps.length > 0 && row.tags.some((tag) => tag === '@integration' || deps.some((name) => tag === `@${name}`))
}

/** Hands rows over to the fold, with the evidence that something was executed; refused tests keep the tier from passing. */
export function judgeRows(context: RunContext, voice: TierVoice, rows: readonly KeptRow[]): void {
  for (const row of rows) context.events.append({ type: 'test', tier: voice.tier, test: testRow(context, row) })
  const executed = rows.filter(({ row }) => row.status !== 'skipped')
  const titles = executed.map(({ row: { file, title } }) => `${file}: ${title}`)
  if (executed.length > 0) voice.evidence({ kind: 'tests', executed: executed.length, titles })
  if (executed.length === 0) {
    const why = rows.length > 0 ? `all ${rows.length} tests were skipped` : 'not one test was executed'
    const lines = rows.map(({ row: { file, title, reason } }) => `${file}: ${title}${reason ? `: ${reason}` : ''}`)
    throw new TierStop('the custom tests ran', cause('no-tests-ran', why, { lines }), 'unverified')
  }
  if (refusedTests(context).length > 0) throw refused(context)
  voice.check('the custom tests ran', 'pass')
}

function refusedTests({ plan }: RunContext): string[] {
  return plan.custom.admitted.refused
    .filter(({ judges, tiers }) => judges && tiers.includes('functional'))
    .map(({ what }) => what)
}

function refused(context: RunContext): TierStop {
  const files = refusedTests(context)
  const message = `${files.length} test ${files.length === 1 ? 'file' : 'files'} of the recipe repository may not run here: ${files.join(', ')}`
  return new TierStop('the custom tests ran', cause('code-refused', message), 'unverified')
}
