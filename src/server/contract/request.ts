import { z } from 'zod'
import { isRunId } from '../../lib/ids.ts'
import { TIER_IDS } from '../../verdict/tiers.ts'

/** 40 hex digits: the only way a commit is named past the trigger. */
export const commitId = z.string().regex(/^[0-9a-f]{40}$/, 'a full commit id (40 hex digits)')

/** `ORG/REPO` as the forge spells it. */
export const repositoryName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9_.-]*[A-Za-z0-9_-][\w.-]*$/, 'ORG/REPO')

/** Who is served first: people who wait at a pull request, then the operator, then the weekly sweep. */
export const PRIORITIES = ['pull', 'manual', 'sweep'] as const

const pullShape = z.strictObject({
  number: z.int().positive(),
  /** Title-free: what a stranger wrote is never needed again. The branch is data: shown as text, never a path or an argument. */
  headRef: z.string().max(255),
  baseRef: z.string().max(255),
  /** The comment that asked, and who wrote it; null for a re-run by the operator. */
  comment: z.int().positive().nullable(),
  author: z.string().max(255).nullable(),
  /** The target branch as it was: its tip, and the commit at which the change left it (null: the forge named none). Files of before have no such line. */
  target: z.strictObject({ tip: commitId, fork: commitId.nullable() }).optional(),
})

/** What an attribution (`!testme --why`) asks: whether it was the change that made a green base red. */
const whyShape = z.strictObject({
  /** The red run. */
  run: z.string().refine(isRunId, 'a run id'),
  /** The commit of the base. */
  old: commitId,
  /** The folder of the green run of it: what is recorded of the world then. */
  baseline: z.string().refine(isRunId, 'a run id'),
  /** Tiers up to the last one that is red. */
  only: z.array(z.enum(TIER_IDS)).min(1),
  /** Of each run, in ms; `deadlineMs` is that of all together. */
  runDeadlineMs: z.int().positive(),
})
export type Why = z.infer<typeof whyShape>

/**
 * What was asked for, once and for all: `<state>/runs/<id>/request.json`, written before the database knows of it, so that the
 * database can be rebuilt from the run folders. Never changed.
 */
export const runRequest = z.strictObject({
  schema: z.literal(1),
  id: z.string().refine(isRunId, 'a run id'),
  /** The first attempt's id where this folder is a later attempt of the same request; null for a first attempt. */
  attemptOf: z.string().refine(isRunId, 'a run id').nullable(),
  /** ISO 8601: when it was accepted. */
  at: z.iso.datetime(),
  priority: z.enum(PRIORITIES),
  repository: repositoryName,
  /** Null for a run of a branch or version that no pull request asked for. */
  pull: pullShape.nullable(),
  /** The commit under test; resolved once, when the request was accepted. */
  commit: commitId,
  /** What was asked for by name, and whether that is the default branch; missing: a pull request or a sweep, or a file of before. */
  ref: z.strictObject({ name: z.string().max(255), isDefault: z.boolean() }).optional(),
  /** As `--base`: a version, `auto` or `none`. */
  base: z.string().max(100),
  /** As `--quick`. */
  quick: z.boolean(),
  /** What the scheduler sets aside for it, in bytes. */
  memoryBytes: z.int().positive(),
  /** Wall clock for the whole run, teardown excluded, in ms. */
  deadlineMs: z.int().positive(),
  /** The sweep that it is a cell of. `pull`: whose head the commit is, which is not told of it; missing: it is of no sweep. */
  sweep: z
    .strictObject({
      id: z.string().refine(isRunId, 'a sweep id'),
      pull: z.int().positive().nullable(),
      baseRef: z.string().max(255).nullable(),
    })
    .optional(),
  /** Missing: `cc-ci test`. Else `cc-ci ab` on what the run of a pull request ended with; `base` and `quick` are those of that run. */
  why: whyShape.optional(),
})
export type RunRequest = z.infer<typeof runRequest>

/**
 * `queued` and `running` are the states that continue; the others are terminal. `done`: there is a results.json with a verdict, or an
 * attribution.json with an answer (then `verdict` is null).
 * `cancelled`: someone asked, or a newer trigger of the same pull request took its place in the queue. `error`: it ended without a verdict
 * (three attempts lost their worker, or cc-ci itself failed).
 */
export const RUN_STATES = ['queued', 'running', 'done', 'cancelled', 'error'] as const
export type RunState = (typeof RUN_STATES)[number]

/** What an end says in one line; kept in `<folder>/outcome.json` beside results.json so that a rebuilt index knows it. */
export const runOutcome = z.strictObject({
  schema: z.literal(1),
  id: z.string().refine(isRunId, 'a run id'),
  state: z.enum(['done', 'cancelled', 'error']),
  verdict: z.enum(['pass', 'fail', 'unverified']).nullable(),
  level: z.int().min(0).nullable(),
  /** Code of the deciding cause, and the tier that has it. */
  cause: z.string().max(100).nullable(),
  tier: z.string().max(40).nullable(),
  /** One line for people: why it ended so. */
  message: z.string().max(500),
  /** What passed on a second attempt only, as `flaky: upgrade not-converged at first`; missing where nothing did. */
  flaky: z.string().max(500).optional(),
  finishedAt: z.iso.datetime(),
  /** The run folder (a run id) that holds the deciding attempt. */
  folder: z.string().refine(isRunId, 'a run id'),
  attempts: z.int().min(0),
  /** What is known of what it had made: `clean` proven, `left` something is there, `unknown` nobody could look yet, `none` it never began. */
  teardown: z.enum(['clean', 'left', 'unknown', 'none']),
})
export type RunOutcome = z.infer<typeof runOutcome>
