import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../../lib/errors.ts'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { isRunId } from '../../lib/ids.ts'
import { CELL_IDS } from './contract.ts'
import { VERDICTS } from './table.ts'

const signature = z.object({
  status: z.enum(['pass', 'fail', 'skip', 'unverified']),
  code: z.string().nullable(),
  blame: z.string().nullable(),
  service: z.string().nullable(),
  deterministic: z.boolean(),
})

const draw = z.discriminatedUnion('evidence', [
  z.object({ evidence: z.literal(true), signature }),
  z.object({
    evidence: z.literal(false),
    because: z.enum(['unjudged', 'blocked']),
    signature: signature.nullable(),
  }),
])

const commit = z.string().regex(/^[0-9a-f]{40}$/)
const conditions = z.record(z.string(), z.string())
const tiers = z.record(z.string(), z.array(draw))

const runShape = z.object({
  run: z.string().refine(isRunId).meta({ description: 'Its id, and the name of its folder below `state`.' }),
  state: z.string().meta({ description: 'The state folder of the build that made it.' }),
  tool: commit.nullable().meta({ description: 'Null: the build that runs the attribution.' }),
  ref: commit,
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  exitCode: z.int().nullable().meta({ description: 'Null: it was killed.' }),
  trouble: z.string().nullable().meta({ description: 'Why it left no results, where it left none.' }),
  tiers,
  conditions,
})

const difference = z.object({ what: z.string(), before: z.string(), after: z.string() })
const verdict = z.enum(Object.keys(VERDICTS) as (keyof typeof VERDICTS)[])
const reading = z.object({
  kind: z.enum(['stable', 'flaky', 'few', 'infra', 'not-run']),
  seen: z.array(z.object({ key: z.string(), signature, times: z.int().min(1) })),
  open: z.boolean(),
})

const decisionShape = z.object({
  tier: z.string().nullable(),
  verdict,
  tiers: z.array(
    z.object({
      tier: z.string(),
      verdict,
      row: z.string().meta({ description: 'The row of the table of verdicts that held.' }),
      because: z.string(),
      cells: z.partialRecord(z.enum(CELL_IDS), reading),
      recorded: z.enum(['none', 'same', 'moved', 'unexplained']),
      rate: z.object({ failed: z.int(), of: z.int() }),
      open: z.boolean().meta({ description: 'Whether another run might have changed the verdict.' }),
    }),
  ),
  movedMeanwhile: z.array(difference),
  movedSince: z.array(difference),
})

const bisectionShape = z.object({
  factor: z.enum(['tool', 'ref']),
  tier: z.string(),
  probes: z.array(
    z.object({
      position: z.int().meta({ description: 'In the line of its factor; the old end has 0.' }),
      runs: z.array(runShape),
      result: z.enum(['good', 'bad', 'unclear']).nullable().meta({ description: 'Null: not decided yet.' }),
    }),
  ),
  found: z
    .object({ from: commit, to: commit })
    .nullable()
    .meta({ description: 'The first bad commit; two different ones where those between could not be told.' }),
})

const recorded = z.object({ run: z.string(), finishedAt: z.string(), tiers, conditions })

/** A recorded result of the old ends that came from elsewhere, with the build that made it: it counts only for the same build. */
export const importedResultShape = recorded.extend({
  tool: z.object({ version: z.string(), commit: z.string().nullable() }),
})
export type ImportedResult = Frozen<z.infer<typeof importedResultShape>>

const recordShape = z
  .object({
    schema: z.literal(1),
    id: z.string().refine(isRunId),
    startedAt: z.iso.datetime(),
    status: z.enum(['running', 'ended']),
    why: z.string().nullable().meta({ description: 'Why it ended: decided, or which bound was met.' }),
    recipe: z.object({
      name: z.string(),
      dir: z.string().meta({ description: 'Where the commits are read.' }),
      origin: z.string(),
      old: commit,
      new: commit,
    }),
    tool: z.object({
      repository: z.string().nullable().meta({ description: 'Null: both are the build that runs the attribution.' }),
      old: commit.nullable(),
      new: commit.nullable(),
    }),
    moved: z.array(z.enum(['tool', 'ref'])),
    flags: z.array(z.string()).meta({ description: 'Further flags of each `cc-ci test`.' }),
    bounds: z.object({ runs: z.int().min(1), deadlineMs: z.number().positive() }),
    lines: z
      .object({ tool: z.array(commit).nullable(), ref: z.array(commit).nullable() })
      .nullable()
      .meta({
        description:
          'Of --bisect: the old end, all commits between and the new end, by first parents, of what has moved.',
      }),
    spentMs: z.number().min(0).meta({ description: 'What runs have taken, those of earlier starts included.' }),
    recorded: recorded.nullable().meta({ description: 'The last earlier run of the old tool on the old ref.' }),
    current: z
      .object({
        run: z.string().refine(isRunId),
        state: z.string(),
        checkout: z.string().nullable().meta({ description: 'The build that makes it; null: the one that runs now.' }),
      })
      .nullable()
      .meta({ description: 'The active run; what a kill leaves of it is taken down before anything else.' }),
    runs: z.array(runShape.extend({ cell: z.enum(CELL_IDS) })),
    decision: decisionShape.nullable(),
    bisection: bisectionShape.nullable(),
  })
  .meta({
    title: 'cc-ci attribution',
    description: 'What `cc-ci ab` has run and found. Additions keep the schema number; changes raise it.',
  })

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** The content of `<state>/ab/<id>/attribution.json`: all that a page of it is made of. */
export type AttributionRecord = Frozen<z.infer<typeof recordShape>>
/** A run, whichever cell or commit it is of. */
export type AttributionRun = Omit<AttributionRecord['runs'][number], 'cell'>
export type Bisection = NonNullable<AttributionRecord['bisection']>

/** JSON Schema (draft 2020-12) of `attribution.json`. */
export function attributionSchema(): Record<string, unknown> {
  return z.toJSONSchema(recordShape, {
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'object' && jsonSchema.properties) delete jsonSchema.additionalProperties
    },
  })
}

export interface AttributionFolder {
  readonly dir: string
  readonly record: string
  /** For people, once it has ended. */
  readonly page: string
  /** Held by the process that works on it: see `life-sign.ts`. */
  readonly alive: string
  /** The clone of a recipe that was named by a URL. */
  readonly recipe: string
  /** The state folder of the build that runs the attribution, where no other one is pinned. */
  readonly state: string
}

export function attributionFolder(stateDir: string, id: string): AttributionFolder {
  const dir = join(stateDir, 'ab', id)
  return {
    dir,
    record: join(dir, 'attribution.json'),
    page: join(dir, 'report.html'),
    alive: join(dir, 'alive'),
    recipe: join(dir, 'recipe'),
    state: join(dir, 'state'),
  }
}

/** Replaces the record in one step: a kill leaves the old or the new one. */
export async function writeAttribution(folder: AttributionFolder, record: AttributionRecord): Promise<void> {
  await writeJson(folder.record, record, { mode: 0o644 })
}

/** Throws UsageError `attribution-damaged`. */
export function readAttribution({ record: file }: Pick<AttributionFolder, 'record'>): AttributionRecord {
  try {
    return recordShape.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw new UsageError('attribution-damaged', 'not the record of an attribution', {
      ...{ where: { file }, cause: error },
      hint: 'The file was changed, or was written by another version of cc-ci: begin a new attribution.',
    })
  }
}

/** Ids of all attributions in the state folder, newest first. One that was killed before it wrote its record has run nothing: it is none. */
function listAttributions(stateDir: string): string[] {
  try {
    const ids = readdirSync(join(stateDir, 'ab')).filter(isRunId).sort().reverse()
    return ids.filter((id) => existsSync(attributionFolder(stateDir, id).record))
  } catch {
    return []
  }
}

/** The id that is meant: an id, the end of one, or `last`. Throws UsageError `attribution-not-found`. */
export function expandAttributionId(stateDir: string, text: string): string {
  const ids = listAttributions(stateDir)
  const found = text === 'last' ? ids.slice(0, 1) : ids.filter((id) => id.endsWith(text))
  if (text !== '' && found.length === 1) return found[0] as string
  throw new UsageError(
    'attribution-not-found',
    `${found.length === 0 ? 'no' : 'more than one'} attribution is "${text}"`,
    {
      hint: ids.length > 0 ? `There are: ${ids.slice(0, 8).join(', ')}` : `There are none in ${join(stateDir, 'ab')}.`,
    },
  )
}
