import { existsSync } from 'node:fs'
import type { Logger } from 'pino'
import { concludeSweep } from '../../history/sweep/conclude.ts'
import {
  type CellRecord,
  listSweeps,
  type Matrix,
  readCells,
  readMatrix,
  readPlan,
  type SweepPlan,
  sweepFolder,
  writeCell,
} from '../../history/sweep/record.ts'
import { sweepVerdictOf } from '../../history/sweep/verdict.ts'
import type { Clock } from '../../lib/async/clock.ts'
import { UsageError } from '../../lib/errors.ts'
import { isRunId, newRunId } from '../../lib/ids.ts'
import { publishSweep } from '../../report/sweep/publish.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import type { SweepOrder, SweepRow, Sweeps, SweepView } from '../contract/sweeps.ts'
import { lastTime } from '../settings/sweep-times.ts'
import type { CandidateDeps } from './candidates.ts'
import { cellNow, cellRequestOf, cellRunId, recordOf } from './cells.ts'
import { readOrders, writeOnce, writeOrder } from './orders.ts'
import { planOrder } from './planning.ts'

const LOOK_MS = 5_000
/** So many times as long as a round took pass before the next one, up to `LOOK_MS`: a sweep of a thousand recipes would be looked through for each run that ends anywhere. */
const REST = 9
/** The end of the id of a sweep that the time asked for: of several servers, all give it the same. */
const SCHEDULED = 'timely'

export interface SweepDeps {
  readonly store: Pick<Store, 'enrollments' | 'run' | 'runsOf' | 'add' | 'changed'>
  readonly forge: CandidateDeps['forge']
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Logger
  readonly largestWorker: () => Promise<number | null>
}

export function createSweeps(parts: SweepDeps): Sweeps {
  const { store, settings, clock, log } = parts
  const { state } = settings
  const begun = clock.now()
  const over = new Map<string, SweepRow>()
  /** What is known of the cells of sweeps that continue: those that have ended stay as they are. */
  const records = new Map<string, readonly (CellRecord | null)[]>()

  return {
    async order({ by, mode, only }) {
      const going = (await readOrders(state)).find(({ id }) => !isOver(id))
      if (going) {
        throw new UsageError('sweep-running', `sweep ${going.id} is not over`, {
          kind: 'conflict',
          hint: `See ${settings.publicUrl}/sweeps/${going.id}; its runs can be cancelled there.`,
        })
      }
      const now = clock.now()
      const order: SweepOrder = { schema: 1, id: newRunId(now), at: iso(now), by, mode, only }
      await writeOrder(state, order)
      return order
    },

    async list(limit) {
      const orders = new Map((await readOrders(state)).map((order) => [order.id, order]))
      const ids = [...new Set([...orders.keys(), ...listSweeps(state)])].sort().reverse().slice(0, limit)
      return ids.flatMap((id) => listed(id, orders.get(id)))
    },

    async one(id) {
      if (!isRunId(id)) return null
      const plan = planOf(id)
      if (plan) return stateOfMirror(plan)
      const order = (await readOrders(state)).find((one) => one.id === id)
      return order ? { row: orderedRow(order), plan: null, cells: [], matrix: null, runOf: new Map() } : null
    },

    async round(signal) {
      const began = performance.now()
      await orderWhatIsDue()
      for (const order of (await readOrders(state)).reverse()) {
        if (signal.aborted) return
        if (!isOver(order.id)) await carryOn(planOf(order.id) ?? (await plan(order)))
      }
      const pause = async () => {
        await clock.sleep(Math.min(LOOK_MS, REST * (performance.now() - began)), signal)
        await store.changed(LOOK_MS, signal, 'queue')
      }
      await pause().catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
    },
  }

  /** A time that came while the server was down counts, if an earlier one had come before: the first start of a server sweeps nothing. */
  async function orderWhatIsDue(): Promise<void> {
    if (!settings.sweepAt) return
    const due = lastTime(settings.sweepAt, clock.now())
    const orders = await readOrders(state)
    const id = `${newRunId(due).slice(0, 16)}${SCHEDULED}`
    const earlier = orders.some((order) => order.id.endsWith(SCHEDULED) && order.id < id)
    if (orders.some((order) => order.id === id) || (due < begun && !earlier)) return
    // One that continues is let end first.
    if (orders.some((order) => !isOver(order.id))) return
    const made = await writeOrder(state, {
      schema: 1,
      id,
      at: iso(clock.now()),
      by: 'schedule',
      mode: 'all',
      only: null,
    })
    if (made) log.info({ sweep: id }, 'a sweep is due')
  }

  async function plan(order: SweepOrder): Promise<SweepPlan> {
    const made = await planOrder({ ...parts, memoryBytes: settings.runMemoryBytes }, order)
    // Of several servers the first plan is the plan.
    const first = await writeOnce(sweepFolder(state, order.id).plan, made)
    if (first) log.info({ sweep: order.id, cells: made.cells.length }, 'a sweep is planned')
    return first ? made : readPlan(sweepFolder(state, order.id))
  }

  /** Asks for what was not asked for, notes what has ended, and puts the matrix together when all has. */
  async function carryOn(of: SweepPlan): Promise<void> {
    const folder = sweepFolder(state, of.id)
    const known = recordsOf(of)
    const waited = [...of.cells.entries()].filter(
      ([index, { reason }]) => reason === null && known[index]?.status !== 'ended',
    )
    const rows = await store.runsOf(waited.map(([index]) => cellRunId(of.id, index)))
    let open = 0
    for (const [index, { key }] of waited) {
      const row = rows.get(cellRunId(of.id, index))
      const ended = row ? recordOf(key, row) : await ask(of, index)
      if (ended) writeCell(folder, index, ended)
      else open += 1
    }
    if (open > 0) return
    records.delete(of.id)
    const matrix = await concludeSweep(state, of, clock.now())
    publishSweep(folder, matrix)
    log.info({ sweep: of.id, verdict: sweepVerdictOf(matrix), ...matrix.counts }, 'a sweep is over')
  }

  async function ask(of: SweepPlan, index: number): Promise<null> {
    const request = cellRequestOf(of, index, { deadlineMs: settings.runDeadlineMs, now: clock.now() })
    await store.add(request).catch(async (error: unknown) => {
      // Another server was first.
      if (!(await store.run(request.id))) throw error
    })
    return null
  }

  function recordsOf(of: SweepPlan): readonly (CellRecord | null)[] {
    const read = readCells(sweepFolder(state, of.id), of, records.get(of.id))
    records.set(of.id, read)
    return read
  }

  async function stateOfMirror(plan: SweepPlan): Promise<SweepView> {
    const matrix = matrixOf(plan.id)
    const row = rowOf(plan, matrix)
    if (matrix)
      return { row, plan, cells: [], matrix, runOf: runsOf([plan, matrix.previous && planOf(matrix.previous.id)]) }
    const known = readCells(sweepFolder(state, plan.id), plan, records.get(plan.id))
    const idOf = (index: number) => cellRunId(plan.id, index)
    const rows = await store.runsOf(plan.cells.flatMap(({ reason }, index) => (reason === null ? [idOf(index)] : [])))
    return {
      row,
      plan,
      matrix,
      runOf: new Map(),
      cells: plan.cells.map((_, index) => cellNow(plan, index, known[index] ?? null, rows.get(idOf(index)) ?? null)),
    }
  }

  /** A run that lost its worker has its results in the folder of a later attempt; people find it by the id that was asked for. */
  function runsOf(plans: readonly (SweepPlan | null)[]): ReadonlyMap<string, string> {
    const cells = plans.flatMap((plan) =>
      plan ? (readable(() => readCells(sweepFolder(state, plan.id), plan)) ?? []) : [],
    )
    return new Map(cells.flatMap((record) => (record?.folder ? [[record.folder, record.run] as const] : [])))
  }

  function rowOf(plan: SweepPlan, matrix: Matrix | null): SweepRow {
    const known = matrix ? [] : readCells(sweepFolder(state, plan.id), plan, records.get(plan.id))
    const done = plan.cells.filter(({ reason }, index) => reason !== null || known[index]?.status === 'ended').length
    return {
      ...{ id: plan.id, startedAt: plan.startedAt, by: plan.by, mode: plan.mode, cells: plan.cells.length },
      ...{ state: matrix ? 'over' : 'running', done: matrix ? plan.cells.length : done },
      ...{ verdict: matrix && sweepVerdictOf(matrix), counts: matrix?.counts ?? null },
    }
  }

  /** What is over stays as it is: a year of matrices is not read for each look at the list. */
  function listed(id: string, order: SweepOrder | undefined): SweepRow[] {
    const known = over.get(id)
    if (known) return [known]
    const plan = planOf(id)
    if (!plan) return order ? [orderedRow(order)] : []
    const row = rowOf(plan, matrixOf(id))
    if (row.state === 'over') over.set(id, row)
    return [row]
  }

  function isOver(id: string): boolean {
    return existsSync(sweepFolder(state, id).matrix)
  }

  /** What cannot be read is told by nobody here: `cc-ci sweep --resume` says what is wrong with it. */
  function planOf(id: string): SweepPlan | null {
    const folder = sweepFolder(state, id)
    return existsSync(folder.plan) ? readable(() => readPlan(folder)) : null
  }

  function matrixOf(id: string): Matrix | null {
    return readable(() => readMatrix(sweepFolder(state, id)))
  }
}

function readable<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof UsageError) return null
    throw error
  }
}

function orderedRow({ id, at, by, mode }: SweepOrder): SweepRow {
  return { id, startedAt: at, by, mode, state: 'ordered', cells: 0, done: 0, verdict: null, counts: null }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
