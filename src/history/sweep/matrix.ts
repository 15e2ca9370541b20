import { InternalError } from '../../lib/errors.ts'
import { areEquivalent } from '../compare/evidence-schemas.ts'
import { WORSE } from '../compare/messages.ts'
import type { RunSummary } from '../run-summary.ts'
import { type ChangeParts, changeOf } from './change.ts'
import { type CellStatus, REASONS } from './contract.ts'
import type { CellRecord, Matrix, MatrixCell, PlannedCell, SweepPlan } from './record.ts'

export interface MatrixParts {
  readonly plan: SweepPlan
  /** In the order of the plan; null: it never began. */
  readonly records: readonly (CellRecord | null)[]
  readonly summaryOf: (run: string) => RunSummary | null
  /** The sweep that this one is compared with; null: there is none. */
  readonly previous: Matrix | null
  /** Epoch ms. */
  readonly finishedAt: number
}

type Plain = Omit<MatrixCell, 'change'>

/** What a sweep has found, each cell with what is another since the sweep before. Throws InternalError `sweep-not-reconciled`. */
export function matrixOf({ plan, records, summaryOf, previous, finishedAt }: MatrixParts): Matrix {
  const plain = plan.cells.map((cell, index) => plainCell(cell, records[index] ?? null, summaryOf))
  const settled = plan.cells.map((cell, index) => withRelease(cell, plain[index] as Plain, plain))
  const before = previous?.cells.filter(({ recipe }) => plan.only === null || plan.only.includes(recipe)) ?? null
  const known = new Map(before?.map((cell) => [cell.key, cell]))
  const sides = { plan, summaryOf, toolMoved: previous !== null && !isSameTool(previous.tool, plan.tool) }
  const cells = settled.map((cell) => ({
    ...cell,
    change:
      before &&
      changeOf({
        ...sides,
        before: known.get(cell.key) ?? null,
        after: cell,
        listed: listedBy(plan, cell.recipe, before),
      }),
  }))
  const keys = new Set(cells.map(({ key }) => key))
  const disappeared = (before ?? [])
    .filter(({ key }) => !keys.has(key))
    .map((cell) => ({
      ...cell,
      change: changeOf({
        ...sides,
        before: cell,
        after: null,
        listed: listedBy(plan, cell.recipe, settled),
      }),
    }))
  return {
    ...{ schema: 1, id: plan.id, startedAt: plan.startedAt, finishedAt: new Date(finishedAt).toISOString() },
    ...{ mode: plan.mode, only: plan.only, tool: plan.tool, evidenceSchema: plan.evidenceSchema },
    previous: previous && { id: previous.id, startedAt: previous.startedAt },
    counts: countsOf(cells),
    reconciled: before && reconciled(before, cells, disappeared),
    ...{ notes: plan.notes, cells, disappeared },
  }
}

/**
 * The newest earlier sweep that may be compared with a plan: it is over, its outcomes mean the same, it is of the same kind of place, and it covered all
 * the recipes that this one covers. `earlier`: newest first.
 */
export function previousOf(
  plan: SweepPlan,
  earlier: Iterable<{ readonly plan: SweepPlan; readonly matrix: Matrix }>,
): Matrix | null {
  for (const { plan: other, matrix } of earlier) {
    if (other.id >= plan.id || other.place !== plan.place) continue
    if (!areEquivalent(other.evidenceSchema, plan.evidenceSchema)) continue
    if (other.only === null || plan.only?.every((name) => other.only?.includes(name))) return matrix
  }
  return null
}

function plainCell(cell: PlannedCell, record: CellRecord | null, summaryOf: MatrixParts['summaryOf']): Plain {
  const { key, recipe, head, ref, commit, reason } = cell
  const run = reason?.run ?? record?.folder ?? null
  const summary = run === null ? null : summaryOf(run)
  const none = { run: record?.run ?? null, level: null, durationMs: null, tiers: [] }
  const same = { key, recipe, head, ref, commit, reason: reason && { code: reason.code, text: reason.text } }
  if (!summary) return { ...same, ...none, status: statusWithout(cell, record), trouble: troubleOf(cell, record) }
  return {
    ...same,
    ...{ status: summary.verdict, trouble: null, run: summary.id, level: summary.level },
    durationMs: Date.parse(summary.finishedAt) - Date.parse(summary.startedAt),
    tiers: summary.tiers.map(({ id, status, cause, flaky }) => ({
      ...{ id, status },
      ...(cause ? { cause } : {}),
      ...(flaky === undefined ? {} : { flaky }),
    })),
  }
}

/** What nobody could deploy is the recipe's; whatever else left no results was not judged. */
function statusWithout({ reason }: PlannedCell, record: CellRecord | null): CellStatus {
  if (reason) return REASONS[reason.code].kind === 'absent' || reason.code === 'same-commit' ? 'not-run' : 'unverified'
  return record?.refused?.blame === 'recipe' ? 'fail' : 'unverified'
}

function troubleOf({ reason }: PlannedCell, record: CellRecord | null): string | null {
  if (reason) return reason.run === null ? null : `run ${reason.run} is not kept any more`
  if (!record) return 'it was never begun'
  return record.refused ? `${record.refused.code}: ${record.refused.message}` : 'it left no results'
}

/** A head that is the release itself ends as the release does. */
function withRelease(cell: PlannedCell, own: Plain, all: readonly Plain[]): Plain {
  if (cell.reason?.code !== 'same-commit') return own
  const release = all.find(({ recipe, head }) => recipe === cell.recipe && head === null)
  if (!release) return own
  const { status, run, level, durationMs, tiers, trouble } = release
  return { ...own, status, run, level, durationMs, tiers, trouble }
}

/**
 * Why a cell came or went, from what the other sweep knew of its recipe. A recipe that is new as a whole was enrolled; heads of a list are the operator's, pull
 * requests are opened and closed. Null: the other sweep could not read the recipe, and nobody knows.
 */
function listedBy({ place }: SweepPlan, recipe: string, others: readonly Plain[]): ChangeParts['listed'] {
  const own = others.filter((cell) => cell.recipe === recipe)
  if (own.some(({ head, reason }) => head === null && reason?.code === 'unreadable')) return null
  return own.length > 0 && place === 'server' ? 'by-recipe' : 'by-operator'
}

function isSameTool(a: Matrix['tool'], b: Matrix['tool']): boolean {
  return a.version === b.version && a.commit === b.commit
}

function countsOf(cells: readonly MatrixCell[]): Matrix['counts'] {
  const having = (status: CellStatus) => cells.filter((cell) => cell.status === status).length
  return {
    recipes: new Set(cells.map(({ recipe }) => recipe)).size,
    cells: cells.length,
    ...{ pass: having('pass'), fail: having('fail'), unverified: having('unverified'), notRun: having('not-run') },
    worse: cells.filter(({ change }) => change !== null && WORSE.includes(change.word)).length,
  }
}

function reconciled(
  before: readonly MatrixCell[],
  cells: readonly MatrixCell[],
  disappeared: readonly MatrixCell[],
): NonNullable<Matrix['reconciled']> {
  const appeared = cells.filter(({ change }) => change?.word === 'appeared').length
  const sums = { before: before.length, appeared, disappeared: disappeared.length, now: cells.length }
  if (sums.now === sums.before + sums.appeared - sums.disappeared) return sums
  throw new InternalError('sweep-not-reconciled', `the cells of two sweeps do not add up: ${JSON.stringify(sums)}`)
}
