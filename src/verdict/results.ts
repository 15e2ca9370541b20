import { z } from 'zod'
import { UsageError } from '../lib/errors.ts'
import {
  artifactShape,
  baseShape,
  causeShape,
  checkShape,
  containerShape,
  contractShape,
  customizationShape,
  deadlinesShape,
  environmentShape,
  expectationsShape,
  findingShape,
  imageShape,
  leakShape,
  memoryShape,
  notLookedShape,
  operationShape,
  outcomeShape,
  recipeShape,
  resumedShape,
  signalShape,
  skipKindShape,
  testShape,
  toolShape,
} from './event-shape.ts'
import type { Evidence } from './evidence.ts'
import { TIER_IDS } from './tiers.ts'

const tierShape = z.object({
  id: z.enum(TIER_IDS),
  status: z.enum(['pass', 'fail', 'skip', 'unverified']),
  reason: z
    .string()
    .meta({ description: 'One line for a person: what was seen, why it was skipped, or the message of the cause.' }),
  skipKind: skipKindShape.optional().meta({
    description:
      'Only with status skip. `structural` and `declared` count as a rung that need not be climbed; `not-selected` does not.',
  }),
  cause: causeShape.optional().meta({ description: 'Only with status fail or unverified: the one that decided.' }),
  attempt: z.number().int().optional().meta({
    description: 'Only where this is the outcome of an earlier attempt, because the last one could not judge the tier.',
  }),
  startedAt: z.iso.datetime().nullable().meta({ description: 'Null for a tier that was never begun.' }),
  durationMs: z.number().min(0),
  convergedMs: z.number().min(0).optional().meta({
    description:
      'From the beginning of the deployment until every service was up. Of install and upgrade where that came to be.',
  }),
  evidence: z
    .array(z.custom<Evidence>())
    .meta({ description: 'Facts by kind; see the reference of tiers for what each must hold.' }),
  tests: z.array(testShape),
  checks: z.array(checkShape),
  operations: z.array(operationShape.extend({ ms: z.number() })),
})

const attemptShape = z.object({
  attempt: z.number().int().min(1),
  because: z
    .string()
    .meta({ description: 'What it ended with that was worth a second one, or why it does not count.' }),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  verdict: outcomeShape.meta({ description: 'What the run would have ended with, had there been this attempt alone.' }),
  tiers: z.array(tierShape),
})

const resultsShape = z
  .object({
    schema: z.literal(1),
    evidenceSchema: z.number().int().optional().meta({
      description:
        'Which meaning the outcomes have: results of two are only compared where the two are declared equal. Files of earlier versions have none.',
    }),
    tool: toolShape,
    run: z.object({
      id: z.string(),
      startedAt: z.iso.datetime(),
      finishedAt: z.iso
        .datetime()
        .meta({ description: 'When the run ended; of a run without an end, when it was last heard of.' }),
      host: z.string(),
      stack: z.string(),
      domain: z.string(),
      complete: z
        .boolean()
        .meta({ description: 'False when the stream has no end: the run is still going, or was killed.' }),
      interrupted: signalShape.nullable(),
      resumed: resumedShape.optional(),
    }),
    recipe: recipeShape,
    base: baseShape.nullable(),
    verdict: outcomeShape,
    level: z.number().int().min(0).max(6),
    tiers: z.array(tierShape),
    attempts: z.array(attemptShape).optional().meta({
      description:
        'Only of a run that was repeated on a fresh stack: the attempts that `tiers` does not show, or not whole, each with all its evidence.',
    }),
    findings: z.array(findingShape),
    flags: z.object({ cleanTeardown: z.boolean(), noSecretLeak: z.boolean() }),
    leaks: z.array(leakShape),
    secretLeaks: z.array(z.string()).meta({ description: 'Where the last look of the masker still found a secret.' }),
    notLooked: z.array(notLookedShape).optional().meta({
      description:
        'Kept files that the masker could not look into, such as pictures: `noSecretLeak` says nothing of them. `within`: the texts of the archive were looked into, not all of it. Files of earlier versions have none.',
    }),
    accommodations: z.array(z.string()),
    images: z.array(imageShape),
    memory: z.array(memoryShape).optional().meta({
      description:
        'The most that the programs of each service held at the end of a tier, in bytes. Files of earlier versions have none.',
    }),
    containers: z.array(containerShape).optional().meta({
      description:
        'The containers of the app whose logs are kept, in the order of their start. Files of earlier versions have none.',
    }),
    contract: contractShape.optional().meta({
      description: 'What head asks of its operator, by its files. Files of earlier versions have none.',
    }),
    customization: customizationShape,
    expected: expectationsShape.optional().meta({
      description: 'What earlier runs of the recipe on this machine took. Files of earlier versions have none.',
    }),
    deadlines: deadlinesShape.optional().meta({
      description: 'How long was waited at most, and why so long. Files of earlier versions have none.',
    }),
    environment: environmentShape.nullable(),
    artifacts: z.array(artifactShape),
  })
  .meta({
    title: 'cc-ci results',
    description: 'What one run of cc-ci found out. Additions keep the schema number; changes raise it.',
  })

type Frozen<T> = T extends Evidence ? T : T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T

/** What a run found out: the content of `results.json`. */
export type Results = Frozen<z.infer<typeof resultsShape>>
export type TierResult = Results['tiers'][number]
export type TierStatus = TierResult['status']
export type Verdict = Results['verdict']

/** JSON Schema (draft 2020-12) of `results.json`. */
export function resultsSchema(): Record<string, unknown> {
  return z.toJSONSchema(resultsShape, { unrepresentable: 'any', override: describeEvidence })
}

/** Results from the data of a `results.json`; UsageError `results-damaged` with each wrong place when it is not one. `file` names it. */
export function parseResults(data: unknown, file?: string): Results {
  const parsed = resultsShape.safeParse(data)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'results'}: ${message}`)
  throw new UsageError('results-damaged', `not the results of a run: ${issues.join('; ')}`, {
    ...(file === undefined ? {} : { where: { file } }),
    hint: 'The file was changed after the run, or was written by another version of cc-ci.',
  })
}

/** Additive keys must not make an older reader refuse a newer file, and evidence is an object with a kind. */
function describeEvidence({
  jsonSchema,
  path,
}: {
  jsonSchema: Record<string, unknown>
  path: (string | number)[]
}): void {
  if (jsonSchema.type === 'object') delete jsonSchema.additionalProperties
  if (path.at(-2) !== 'evidence') return
  Object.assign(jsonSchema, { type: 'object', properties: { kind: { type: 'string' } }, required: ['kind'] })
}
