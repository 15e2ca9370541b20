import { z } from '@hono/zod-openapi'
import { workerDisks } from '../../contract/protocol.ts'
import { commitId, RUN_STATES, repositoryName, runOutcome, runRequest } from '../../contract/request.ts'
import { enrollmentOrder, enrollmentShape } from '../../enrollments/enrollment.ts'
import { DRIFTS } from '../../mirrors/last-seen.ts'

/** What the API says and takes, as its description names it. Bytes are plain numbers, times ISO 8601. */
export const failure = z
  .object({
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
  })
  .openapi('Failure')

// The contract's shapes were made before zod was taught `openapi`; `meta` they have had always.
export const runRequestAnswer = runRequest.meta({ id: 'RunRequest' })

export const runRow = z
  .object({
    request: runRequestAnswer,
    state: z.enum(RUN_STATES),
    attempt: z.int().min(0),
    folder: z.string(),
    worker: z.string().nullable(),
    leaseUntil: z.string().nullable(),
    startedAt: z.string().nullable(),
    cancelAskedAt: z.string().nullable(),
    cancelReason: z.string().nullable(),
    outcome: runOutcome.nullable(),
    harness: z.string().nullable(),
  })
  .openapi('RunRow')

export const runsQuery = z.object({
  repository: repositoryName.optional(),
  pull: z.coerce.number().int().positive().max(2_000_000_000).optional(),
  /** One state, or several with commas between. */
  state: z
    .string()
    .regex(new RegExp(`^(${RUN_STATES.join('|')})(,(${RUN_STATES.join('|')}))*$`), `some of ${RUN_STATES.join(', ')}`)
    .optional(),
  before: z
    .string()
    .regex(/^\d{8}-\d{6}-[a-z2-9]{6}$/, 'a run id')
    .optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
})

export const startOrder = z
  .strictObject({
    repository: repositoryName,
    ref: z.string().min(1).max(255).optional(),
    pull: z.int().positive().max(2_000_000_000).optional(),
    base: z.string().min(1).max(100).optional(),
    quick: z.boolean().optional(),
    priority: z.enum(['manual', 'sweep']).optional(),
  })
  .openapi('StartOrder', { example: { repository: 'coop/hello', ref: 'main', quick: true } })

export const enrollment = z.object(enrollmentShape.shape).openapi('Enrolment')

/** How a mirror stood to upstream when they were last compared; `text`: one line, null where there is nothing to tell. */
const mirrorState = z
  .object({
    branch: z.string().nullable(),
    drift: z.enum(DRIFTS).nullable(),
    problem: z.string().nullable(),
    at: z.string(),
    text: z.string().nullable(),
  })
  .openapi('MirrorState')

/** Null where it is no mirror, or was not compared yet. */
export const listedEnrollment = enrollment.extend({ mirror: mirrorState.nullable() }).openapi('ListedEnrolment')

export const enrollOrder = enrollmentOrder.meta({ id: 'EnrolOrder', example: { name: 'coop', allow: ['member'] } })

/** What to enter by hand at the forge where the token may not make the webhook; `secret` names the setting that has it. */
export const paste = z
  .object({
    url: z.string(),
    contentType: z.literal('json'),
    events: z.array(z.string()).readonly(),
    page: z.string(),
    secret: z.literal('CC_CI_WEBHOOK_SECRET'),
  })
  .openapi('WebhookToPaste')

export const approval = z
  .strictObject({ repository: repositoryName, commit: commitId })
  .openapi('Approval', { example: { repository: 'coop/hello', commit: '0123456789abcdef0123456789abcdef01234567' } })

/** `tree`: of `cc-ci/`; the approval holds for every commit with it. Null: for the commit alone. */
export const approved = z
  .object({ repository: repositoryName, commit: commitId, tree: commitId.nullable(), at: z.string() })
  .openapi('GivenApproval')

export const workerName = z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, 'a host name: a-z, 0-9, "." and "-"')

export const worker = z
  .object({
    name: z.string(),
    seenAt: z.string().nullable(),
    memoryBytes: z.number().nullable(),
    freeBytes: z.number().nullable(),
    harness: z.string().nullable(),
    /** Why it takes no run now. */
    trouble: z.string().nullable(),
    /** Where it keeps runs and where its engine keeps images; null: it does not say. */
    disks: workerDisks.nullable(),
  })
  .openapi('Worker')

export const sweepOrder = z
  .strictObject({
    mode: z.enum(['all', 'changed']).default('all'),
    /** Some of what is enrolled; missing: all of it. */
    recipes: z.array(repositoryName).min(1).max(200).optional(),
  })
  .openapi('SweepOrder', { example: { mode: 'changed' } })

const sweepCounts = z.object({
  recipes: z.int(),
  cells: z.int(),
  pass: z.int(),
  fail: z.int(),
  unverified: z.int(),
  notRun: z.int(),
  worse: z.int(),
})

/** `ordered`: not planned yet; `verdict`: null while it is not over. */
export const sweepRow = z
  .object({
    id: z.string(),
    startedAt: z.string(),
    by: z.string(),
    mode: z.enum(['all', 'changed']),
    state: z.enum(['ordered', 'running', 'over']),
    cells: z.int(),
    done: z.int(),
    verdict: z.enum(['fail', 'worse', 'unverified', 'nothing', 'pass']).nullable(),
    counts: sweepCounts.nullable(),
  })
  .openapi('SweepRow')

/** `cells`: what is known of each while the sweep continues; empty once there is a matrix. */
export const sweepSeen = sweepRow
  .omit({ cells: true })
  .extend({
    cells: z.array(
      z.object({
        key: z.string(),
        ref: z.string().nullable(),
        run: z.string().nullable(),
        state: z.enum(['needless', 'waiting', 'running', 'ended']),
        text: z.string(),
      }),
    ),
    matrix: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi('Sweep')

export const queue = z
  .object({
    counts: z.object({
      queued: z.int(),
      running: z.int(),
      done: z.int(),
      cancelled: z.int(),
      error: z.int(),
    }),
    /** The first ones in line, at most 200. `ahead`: served before it; `etaMs` null: no run of the past tells. */
    queued: z.array(z.object({ run: runRow, ahead: z.int(), etaMs: z.number().nullable() })),
  })
  .openapi('Queue')
