import { z } from 'zod'
import { DIMENSIONS, type Dimension } from '../compare/dimensions.ts'
import { MEANINGS, type Word } from '../compare/messages.ts'
import { CELL_STATUSES, REASONS, type ReasonCode } from './contract.ts'
import { OWNERS, type Owner } from './owners.ts'

const keysOf = <K extends string>(table: Readonly<Record<K, unknown>>) => Object.keys(table) as [K, ...K[]]

const word = z.enum(keysOf<Word>(MEANINGS))
const status = z.enum(CELL_STATUSES)

const change = z.object({
  word: word.meta({ description: 'The worst of its tiers; `same` where nothing is another.' }),
  tiers: z.array(z.object({ id: z.string(), word })).meta({ description: 'Those that are not the same.' }),
  owner: z
    .enum(keysOf<Owner>(OWNERS))
    .nullable()
    .meta({ description: 'Whose the difference is; null: there is none.' }),
  because: z.string().nullable(),
  moved: z.array(
    z.object({
      dimension: z.enum(keysOf<Dimension>(DIMENSIONS)),
      key: z.string(),
      before: z.string().nullable(),
      after: z.string().nullable(),
    }),
  ),
  command: z.string().nullable().meta({ description: 'What would tell more, where the owner is unknown.' }),
  before: z
    .object({ status, run: z.string().nullable() })
    .nullable()
    .meta({ description: 'The cell of the sweep before; null: it had none.' }),
})

const cell = z.object({
  key: z.string(),
  recipe: z.string(),
  head: z.string().nullable().meta({ description: 'A branch or `#12`; null: the newest release.' }),
  ref: z.string().nullable(),
  commit: z.string().nullable(),
  status,
  reason: z
    .object({ code: z.enum(keysOf<ReasonCode>(REASONS)), text: z.string() })
    .nullable()
    .meta({ description: 'Why this sweep did not run it.' }),
  trouble: z.string().nullable().meta({ description: 'Why a run that was begun has no results.' }),
  run: z.string().nullable().meta({ description: 'The run that speaks for it, with its report.' }),
  level: z.int().nullable(),
  durationMs: z.number().nullable(),
  tiers: z.array(
    z.object({
      id: z.string(),
      status: z.enum(['pass', 'fail', 'skip', 'unverified', 'not-judged']),
      cause: z.object({ code: z.string(), blame: z.string(), service: z.string().optional() }).optional(),
      flaky: z.string().optional(),
    }),
  ),
  change: change.nullable().meta({ description: 'Since the sweep before; null: there is none to compare with.' }),
})

const count = z.int().min(0)

/** The content of `matrix.json`. */
export const matrixShape = z
  .object({
    schema: z.literal(1),
    id: z.string(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
    mode: z.enum(['all', 'changed']),
    only: z.array(z.string()).nullable(),
    tool: z.object({ version: z.string(), commit: z.string().nullable() }),
    evidenceSchema: z.int(),
    previous: z
      .object({ id: z.string(), startedAt: z.string() })
      .nullable()
      .meta({ description: 'The sweep that this one is compared with.' }),
    counts: z.object({
      recipes: count,
      cells: count,
      pass: count,
      fail: count,
      unverified: count,
      notRun: count,
      worse: count,
    }),
    reconciled: z
      .object({ before: count, appeared: count, disappeared: count, now: count })
      .nullable()
      .meta({ description: 'now = before + appeared - disappeared; null without a sweep before.' }),
    notes: z.array(z.object({ severity: z.enum(['warning', 'error']), code: z.string(), message: z.string() })),
    cells: z.array(cell),
    disappeared: z.array(cell).meta({ description: 'Cells of the sweep before that are in this one no more.' }),
  })
  .meta({
    title: 'cc-ci sweep matrix',
    description: 'What `cc-ci sweep` has found. Additions keep the schema number; changes raise it.',
  })
