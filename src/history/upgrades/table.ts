import { z } from 'zod'
import { isRunId } from '../../lib/ids.ts'
import type { LegBase, PlannedLeg } from '../../lifecycle/base/planned-legs.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { causeShape, outcomeShape, recipeShape, toolShape } from '../../verdict/event-shape.ts'
import type { Results, TierResult } from '../../verdict/results.ts'

const count = z.number().int().min(0)
const status = z.enum(['pass', 'fail', 'skip', 'unverified'])

const rowShape = z.object({
  base: z.object({
    version: z.string(),
    commit: z.string(),
    via: z.array(z.string()).meta({ description: 'Releases on the way to head, in order.' }),
  }),
  verdict: status.meta({
    description: 'Of the whole run. `skip`: nobody named this release, and there is nothing to judge.',
  }),
  run: z.string().refine(isRunId).nullable().meta({ description: 'Null: known without a deployment.' }),
  reason: z.string(),
  cause: causeShape.nullable().meta({ description: 'What decided, where that is no pass.' }),
  tier: z.string().nullable().meta({ description: 'Where it was found.' }),
  upgrade: status.nullable(),
  rollback: status.nullable().meta({ description: 'Null: it was not asked for.' }),
  data: z
    .object({ watched: count, kept: count, changed: count, lost: count, excluded: count })
    .nullable()
    .meta({ description: 'What became of the data of the base, from there to head. Null: it was not looked at.' }),
  upgradeMs: z.number().min(0).nullable(),
  durationMs: z.number().min(0).meta({ description: 'Of the whole run.' }),
})

export const tableShape = z.object({
  schema: z.literal(1),
  id: z.string().refine(isRunId),
  tool: toolShape,
  recipe: recipeShape,
  asked: z.string().meta({ description: 'What was given to `--base`.' }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable().meta({ description: 'Null: it is going on, or was killed.' }),
  verdict: outcomeShape,
  reason: z.string().nullable().meta({ description: 'Why there is nothing to upgrade from.' }),
  rows: z.array(rowShape),
  considered: z.array(z.string()),
})

/** From releases to one head: the content of `table.json`, each row of it read off the results of a run. */
export type UpgradeTable = z.infer<typeof tableShape>
export type UpgradeRow = UpgradeTable['rows'][number]

/** What a run found out about the upgrade from its base. */
export function upgradeRow(base: LegBase, results: Results): UpgradeRow {
  const { run, verdict, tiers } = results
  const upgrade = tiers.find(({ id }) => id === 'upgrade')
  const decided = verdict === 'pass' ? undefined : deciding(tiers, verdict)
  return {
    base: { ...base, via: [...base.via] },
    ...{ verdict, run: run.id },
    reason: decided?.reason ?? upgrade?.reason ?? '',
    cause: plainCause(decided?.cause),
    tier: decided?.id ?? null,
    upgrade: upgrade?.status ?? null,
    rollback: tiers.find(({ id }) => id === 'rollback')?.status ?? null,
    data: dataOf(upgrade),
    upgradeMs: upgrade?.startedAt ? upgrade.durationMs : null,
    durationMs: Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt)),
  }
}

/** What is known without a run. */
export function rowWithoutRun(leg: Exclude<PlannedLeg, { kind: 'judged' }>): UpgradeRow {
  const why = leg.kind === 'skip' ? null : leg.cause
  return bareRow(leg.base, leg.kind, leg.kind === 'skip' ? leg.reason : leg.cause.message, why)
}

/** Of one that was not begun any more. */
export function rowNotBegun(base: LegBase): UpgradeRow {
  const why = cause('interrupted', `the upgrade from ${base.version} was not begun`)
  return bareRow(base, 'unverified', why.message, why)
}

function bareRow(base: LegBase, verdict: UpgradeRow['verdict'], reason: string, why: Cause | null): UpgradeRow {
  return {
    base: { ...base, via: [...base.via] },
    ...{ verdict, run: null, reason, cause: plainCause(why ?? undefined), tier: null },
    ...{ upgrade: null, rollback: null, data: null, upgradeMs: null, durationMs: 0 },
  }
}

/** `fail` where one fails; else `unverified` where one is, or where none was judged: nothing to upgrade from is not green. */
export function upgradeVerdictOf(rows: readonly Pick<UpgradeRow, 'verdict'>[]): UpgradeTable['verdict'] {
  if (rows.some(({ verdict }) => verdict === 'fail')) return 'fail'
  const judged = rows.filter(({ verdict }) => verdict !== 'skip')
  return judged.length > 0 && judged.every(({ verdict }) => verdict === 'pass') ? 'pass' : 'unverified'
}

/** The first tier with a cause of its own, of those that end as the run does. */
function deciding(tiers: readonly TierResult[], verdict: string): TierResult | undefined {
  const own = tiers.filter(({ status, cause }) => status === verdict && cause && cause.code !== 'blocked')
  return own.find(({ id }) => id !== 'lint') ?? own[0]
}

function dataOf(upgrade: TierResult | undefined): UpgradeRow['data'] {
  const found = upgrade?.evidence.find((piece) => piece.kind === 'witness')
  if (found?.kind !== 'witness') return null
  const rows = 'witnesses' in found ? found.witnesses : []
  const of = (result: string) => rows.filter((row) => row.result === result).length
  return { watched: rows.length, kept: of('kept'), changed: of('changed'), lost: of('lost'), excluded: of('excluded') }
}

function plainCause(found: Cause | TierResult['cause'] | undefined): UpgradeRow['cause'] {
  return found ? { ...found, lines: [...found.lines] } : null
}
