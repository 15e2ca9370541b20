import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../../lib/errors.ts'
import { writeJson, writeJsonSync } from '../../lib/files/atomic-file.ts'
import { isRunId } from '../../lib/ids.ts'
import { REASONS, type ReasonCode } from './contract.ts'
import { matrixShape } from './matrix-shape.ts'

const commit = z.string().regex(/^[0-9a-f]{40}$/)
const runId = z.string().refine(isRunId)
const reasonCode = z.enum(Object.keys(REASONS) as [ReasonCode, ...ReasonCode[]])

const noteShape = z.object({
  severity: z.enum(['warning', 'error']),
  code: z.string(),
  message: z.string(),
})

const planned = z.object({
  key: z.string(),
  recipe: z.string(),
  recordedName: z.string(),
  source: z.string(),
  origin: z.string().nullable(),
  head: z.string().nullable().meta({ description: 'A branch or `#12`; null: the newest release.' }),
  pull: z.object({ number: z.int().positive(), headRef: z.string(), baseRef: z.string() }).nullable(),
  ref: z.string().nullable().meta({ description: 'The tag of the release, or the name of the head.' }),
  commit: commit.nullable(),
  release: z.string().nullable().meta({ description: 'The newest release of the recipe when the sweep was planned.' }),
  memoryBytes: z.int().positive(),
  expectedMs: z.number().nullable().meta({ description: 'What earlier runs of the recipe usually took.' }),
  reason: z
    .object({
      code: reasonCode,
      text: z.string(),
      run: runId.nullable().meta({ description: 'The earlier run that speaks for it.' }),
    })
    .nullable()
    .meta({ description: 'Why it is not run; null: it is.' }),
})

const planShape = z.object({
  schema: z.literal(1),
  id: runId,
  startedAt: z.iso.datetime(),
  by: z.string(),
  place: z.enum(['here', 'server']),
  mode: z.enum(['all', 'changed']),
  only: z.array(z.string()).nullable().meta({ description: 'The recipes that were named; null: all.' }),
  tool: z.object({ version: z.string(), commit: z.string().nullable() }),
  evidenceSchema: z.int(),
  flags: z.array(z.string()),
  bounds: z.object({ memoryBytes: z.int().positive(), jobs: z.int().min(1) }),
  notes: z.array(noteShape),
  cells: z.array(planned),
})

const cellShape = z.object({
  schema: z.literal(1),
  key: z.string(),
  status: z.enum(['running', 'ended']),
  run: runId.meta({ description: 'The folder below `runs`; of a server: the request.' }),
  folder: runId.nullable().meta({ description: 'The folder with the results; null: none yet, or there are none.' }),
  earlier: z.array(runId).meta({ description: 'Runs of this cell that were killed or stopped before.' }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  exitCode: z.int().nullable(),
  refused: z
    .object({ code: z.string(), blame: z.string(), message: z.string() })
    .nullable()
    .meta({ description: 'Why it left no results.' }),
})

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

export type SweepPlan = Frozen<z.infer<typeof planShape>>
export type PlannedCell = SweepPlan['cells'][number]
export type SweepNote = SweepPlan['notes'][number]
/** What became of one cell. */
export type CellRecord = Frozen<z.infer<typeof cellShape>>
export type Matrix = Frozen<z.infer<typeof matrixShape>>
export type MatrixCell = Matrix['cells'][number]
export type CellChange = NonNullable<MatrixCell['change']>

export interface SweepFolder {
  readonly dir: string
  readonly plan: string
  readonly cells: string
  readonly matrix: string
  readonly report: string
  readonly markdown: string
  /** Clones of recipes that were named by a URL. */
  readonly recipes: string
  /** Held by the process that works on it: see `life-sign.ts`. */
  readonly alive: string
}

export function sweepFolder(state: string, id: string): SweepFolder {
  const dir = join(state, 'sweeps', id)
  return {
    dir,
    plan: join(dir, 'sweep.json'),
    cells: join(dir, 'cells'),
    matrix: join(dir, 'matrix.json'),
    report: join(dir, 'report.html'),
    markdown: join(dir, 'matrix.md'),
    recipes: join(dir, 'recipes'),
    alive: join(dir, 'alive'),
  }
}

export async function writePlan(folder: SweepFolder, plan: SweepPlan): Promise<void> {
  await writeJson(folder.plan, plan, { mode: 0o644 })
}

/** Throws UsageError `sweep-damaged`. */
export function readPlan(folder: SweepFolder): SweepPlan {
  return readWhole(folder.plan, planShape)
}

/** Replaced in one step: a kill leaves the old or the new one. */
export function writeCell(folder: SweepFolder, index: number, cell: CellRecord): void {
  writeJsonSync(cellFile(folder, index), cell, { mode: 0o644 })
}

/** What is known of each cell of the plan, in its order; null: it has not begun. Throws UsageError `sweep-damaged`. */
export function readCells(
  folder: SweepFolder,
  plan: SweepPlan,
  known: readonly (CellRecord | null)[] = [],
): (CellRecord | null)[] {
  const there = new Set(namesIn(folder.cells))
  return plan.cells.map((_, index) => {
    const before = known[index]
    if (before?.status === 'ended') return before
    return there.has(`${numbered(index)}.json`) ? readWhole(cellFile(folder, index), cellShape) : null
  })
}

export async function writeMatrix(folder: SweepFolder, matrix: Matrix): Promise<void> {
  await writeJson(folder.matrix, matrix, { mode: 0o644 })
}

/** Null while the sweep is not over. Throws UsageError `sweep-damaged`. */
export function readMatrix(folder: SweepFolder): Matrix | null {
  return namesIn(folder.dir).includes('matrix.json') ? readWhole(folder.matrix, matrixShape) : null
}

/** Ids of all sweeps in the state folder that have a plan, newest first. */
export function listSweeps(state: string): string[] {
  return namesIn(join(state, 'sweeps'))
    .filter((id) => isRunId(id) && namesIn(sweepFolder(state, id).dir).includes('sweep.json'))
    .sort()
    .reverse()
}

/** The id that is meant: an id, the end of one, or `last`. Throws UsageError `sweep-not-found`. */
export function expandSweepId(state: string, text: string): string {
  const ids = listSweeps(state)
  const found = text === 'last' ? ids.slice(0, 1) : ids.filter((id) => id.endsWith(text))
  if (text !== '' && found.length === 1) return found[0] as string
  throw new UsageError('sweep-not-found', `${found.length === 0 ? 'no' : 'more than one'} sweep is "${text}"`, {
    kind: 'not-found',
    hint: ids.length > 0 ? `There are: ${ids.slice(0, 8).join(', ')}` : `There are none in ${join(state, 'sweeps')}.`,
  })
}

/** JSON Schema (draft 2020-12) of `matrix.json`. */
export function matrixSchema(): Record<string, unknown> {
  return z.toJSONSchema(matrixShape, {
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object' && jsonSchema.properties) delete jsonSchema.additionalProperties
    },
  })
}

function readWhole<T>(file: string, shape: z.ZodType<T>): T {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new UsageError('sweep-damaged', 'not the record of a sweep', {
      ...{ where: { file }, cause: error },
      hint: 'The file was changed, or was written by another version of cc-ci: begin a new sweep.',
    })
  }
}

function cellFile({ cells }: SweepFolder, index: number): string {
  return join(cells, `${numbered(index)}.json`)
}

function numbered(index: number): string {
  return String(index).padStart(4, '0')
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
