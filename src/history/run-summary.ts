import { createHash } from 'node:crypto'
import { z } from 'zod'
import { flakyTiers } from '../verdict/attempts.ts'
import { baseShape, environmentShape, imageShape, recipeShape, toolShape } from '../verdict/event-shape.ts'
import type { Results } from '../verdict/results.ts'
import { TIER_IDS } from '../verdict/tiers.ts'

const tierSummary = z.object({
  id: z.enum(TIER_IDS),
  /** `not-judged`: it was left out of the run, which says nothing about it. */
  status: z.enum(['pass', 'fail', 'skip', 'unverified', 'not-judged']),
  durationMs: z.number(),
  cause: z.object({ code: z.string(), blame: z.string(), service: z.string().optional() }).optional(),
  /** The code that it ended with at first, where it passed on a second attempt only. */
  flaky: z.string().optional(),
})

/**
 * What of a run others are compared with: everything that decides whether two runs may be compared, and how each tier ended. The content of one
 * line of the index of runs, and what `summaryOf` makes of a `results.json`.
 */
export const runSummaryShape = z.object({
  id: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  finishedAt: z.string(),
  /** False: killed, or stopped by somebody. */
  whole: z.boolean(),
  recipe: recipeShape,
  base: baseShape.nullable(),
  tool: toolShape,
  evidenceSchema: z.number().nullable(),
  environment: environmentShape.omit({ load: true }).nullable(),
  images: z.array(imageShape.omit({ sizeBytes: true })),
  /** Setting to its value as JSON, of those that the operator wrote: what lies in the repository of the recipe belongs to its commit. */
  settings: z.record(z.string(), z.string()),
  verdict: z.enum(['pass', 'fail', 'unverified']),
  level: z.number(),
  tiers: z.array(tierSummary),
})

export type RunSummary = z.infer<typeof runSummaryShape>
export type TierSummary = RunSummary['tiers'][number]

export function summaryOf(results: Results): RunSummary {
  const { run, recipe, base, tool, environment, verdict, level } = results
  const { load: _load, ...machine } = environment ?? { load: [] }
  return {
    id: run.id,
    startedAt: run.startedAt,
    finishedAt: run.finishedAt,
    whole: run.complete && run.interrupted === null,
    recipe: { ...recipe },
    base: base && { ...base },
    tool: { ...tool },
    evidenceSchema: results.evidenceSchema ?? null,
    environment: environment && (machine as RunSummary['environment']),
    images: results.images.map(({ service, ref, id }) => ({ service, ref, id })),
    settings: operatorsSettings(results.customization),
    verdict,
    level,
    tiers: tiersOf(results),
  }
}

function tiersOf(results: Results): TierSummary[] {
  const flaky = new Map(flakyTiers(results).map(({ tier, code }) => [tier, code]))
  return results.tiers.map(({ id, status, skipKind, durationMs, cause }) => {
    const first = flaky.get(id)
    return {
      id,
      status: skipKind === 'not-selected' ? 'not-judged' : status,
      durationMs,
      ...(cause ? { cause: causeOf(cause) } : {}),
      ...(first ? { flaky: first } : {}),
    }
  })
}

function causeOf({ code, blame, service }: NonNullable<Results['tiers'][number]['cause']>): TierSummary['cause'] {
  return { code, blame, ...(service ? { service } : {}) }
}

/** A setting whose source lies below the recipe's own `cc-ci/` is part of its commit. */
function operatorsSettings({ config, sources = {}, approval }: Results['customization']): Record<string, string> {
  const own = Object.entries(config).filter(([name]) => !(sources[name] ?? '').startsWith('cc-ci/'))
  const values = own.map(([name, value]) => [name, shortened(JSON.stringify(value))] as const)
  return Object.fromEntries([...values, ...(approval === undefined ? [] : [['approval', approval] as const])].sort())
}

/** An index of thousands of runs holds no long texts: equal values stay equal. */
function shortened(text: string): string {
  if (text.length <= 80) return text
  return `${text.slice(0, 60)}… ${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
}
