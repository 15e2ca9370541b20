import { z } from 'zod'
import { JUDGED_ONCE } from '../../verdict/attempts.ts'
import { CAUSES } from '../../verdict/causes.ts'
import { comparableEnvironment, recordedEnvironment } from '../environment.ts'
import type { Conditions, Draw, Signature } from './contract.ts'

/** Where a run that could not be planned ended, or one that wrote no results: before every tier. */
export const PLAN_TIER = 'plan'

const tierShape = z.object({
  id: z.string(),
  status: z.enum(['pass', 'fail', 'skip', 'unverified']),
  skipKind: z.string().optional(),
  cause: z
    .object({
      code: z.string(),
      blame: z.string(),
      service: z.string().optional(),
      deterministic: z.boolean().optional(),
    })
    .optional(),
  attempt: z.number().optional(),
})

/**
 * What is read of a `results.json`, whichever build of cc-ci wrote it: causes and tiers that this one does not know are compared by their names.
 * Other schemas than 1 are refused: their words may mean other things.
 */
export const comparedResults = z.object({
  schema: z.literal(1),
  tool: z.object({ version: z.string().optional(), commit: z.string().nullable() }),
  recipe: z.object({ name: z.string(), commit: z.string(), dirty: z.boolean() }),
  run: z.object({
    id: z.string(),
    finishedAt: z.string(),
    complete: z.boolean(),
    interrupted: z.string().nullable(),
  }),
  tiers: z.array(tierShape),
  attempts: z.array(z.object({ attempt: z.number(), tiers: z.array(tierShape) })).optional(),
  images: z.array(z.object({ ref: z.string(), id: z.string() })),
  environment: recordedEnvironment.nullable(),
})

export type ComparedResults = z.infer<typeof comparedResults>
type ComparedTier = z.infer<typeof tierShape>

/** The draws of a whole run. A run that was stopped has judged nothing: whatever it says, it may not have got to say the rest. */
export function drawsOf(results: ComparedResults): Record<string, Draw[]> {
  const { interrupted, complete } = results.run
  const whole = complete && (interrupted === null || interrupted === 'deadline')
  const first = results.attempts?.find(({ attempt }) => attempt === 1)?.tiers ?? []
  const tiers = results.tiers.flatMap((tier): [string, Draw[]][] => {
    if (tier.skipKind === 'not-selected') return []
    const before = tier.attempt === 1 ? undefined : first.find(({ id }) => id === tier.id)
    const attempts = before && !judgedOnce(tier.id) ? [before, tier] : [tier]
    return [[tier.id, attempts.map((attempt) => (whole ? drawOf(attempt) : unjudged(attempt)))]]
  })
  return { ...Object.fromEntries(tiers), [PLAN_TIER]: [{ evidence: true, signature: PASS }] }
}

/** The draws of a run that ended without results. `blame`: null where nobody can tell, because it was killed. */
export function drawsWithoutResults(code: string, blame: string | null): Record<string, Draw[]> {
  const signature: Signature = { status: 'fail', code, blame, service: null, deterministic: true }
  if (blame === 'recipe') return { [PLAN_TIER]: [{ evidence: true, signature }] }
  if (blame === 'ci') return { [PLAN_TIER]: [{ evidence: true, signature: { ...signature, status: 'unverified' } }] }
  return { [PLAN_TIER]: [{ evidence: false, because: 'unjudged', signature: { ...signature, status: 'unverified' } }] }
}

export function conditionsOf({ environment, images }: Pick<ComparedResults, 'environment' | 'images'>): Conditions {
  const moving = images.map(({ ref, id }) => [`image ${ref}`, id] as const)
  return { ...(environment ? comparableEnvironment(environment) : {}), ...Object.fromEntries(moving) }
}

const PASS: Signature = { status: 'pass', code: null, blame: null, service: null, deterministic: false }

function drawOf(tier: ComparedTier): Draw {
  const signature = signatureOf(tier)
  if (signature.code === 'blocked') return { evidence: false, because: 'blocked', signature }
  if (signature.status !== 'unverified' || (isOwn(signature) && signature.deterministic))
    return { evidence: true, signature }
  return { evidence: false, because: 'unjudged', signature }
}

function unjudged(tier: ComparedTier): Draw {
  return { evidence: false, because: 'unjudged', signature: signatureOf(tier) }
}

function signatureOf({ status, cause, skipKind }: ComparedTier): Signature {
  if (status === 'skip') return { ...PASS, status, code: skipKind ?? 'skip', deterministic: true }
  if (!cause) return { ...PASS, status, code: status === 'pass' ? null : 'unknown' }
  return {
    ...{ status, code: cause.code, blame: cause.blame, service: cause.service ?? null },
    deterministic: cause.deterministic ?? knownDeterministic(cause.code),
  }
}

function knownDeterministic(code: string): boolean {
  return Object.hasOwn(CAUSES, code) && CAUSES[code as keyof typeof CAUSES].retry.deterministic
}

/** True for an end that cc-ci blames on itself without having judged the recipe. */
export function isOwn({ status, blame }: Signature): boolean {
  return status === 'unverified' && blame === 'ci'
}

/** Equal for signatures that match: `pass`, `fail not-converged/recipe/app`. */
export function keyOf({ status, code, blame, service }: Signature): string {
  if (status === 'pass') return 'pass'
  return `${status} ${[code, blame, service].filter((part) => part !== null).join('/')}`
}

function judgedOnce(tier: string): boolean {
  return JUDGED_ONCE.some((id) => id === tier)
}
