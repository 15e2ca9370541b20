// cspell:ignore TEARDOWNS
import { z } from 'zod'
import { type ImportedResult, importedResultShape } from '../../history/attribution/record.ts'
import { isRunId } from '../../lib/ids.ts'
import { commitId, runRequest } from './request.ts'

const bytes = z.int().nonnegative()

/** The disk of a worker: where it keeps runs, and where its engine keeps images; null: not on this machine, or not known. Often they are the same. */
export const workerDisks = z.object({
  runs: z.object({ freeBytes: bytes, sizeBytes: bytes }).nullable(),
  images: z.object({ freeBytes: bytes, sizeBytes: bytes }).nullable(),
})
export type WorkerDisks = Readonly<z.infer<typeof workerDisks>>

/**
 * Between a worker and the server, all below `/worker/v1`, `Authorization: Bearer <worker token>`; JSON unless said.
 *
 * | call                                   | answers |
 * | -------------------------------------- | ------- |
 * | POST claim            claimBody        | 200 assignment, 204 nothing to do (after up to `waitMs`) |
 * | GET  runs/:id/source                   | 200 a git bundle with the commit, its base branch and all tags |
 * | POST runs/:id/renew                    | 200 renewAnswer |
 * | PUT  runs/:id/files/*path  ?offset=N   | bytes, 8 MiB at most a call; 200 { size }; 409 `wrong-offset` with { size }: continue from there |
 * | POST runs/:id/finish  finishBody       | 200 |
 * | POST runs/:id/teardown teardownBody    | 200; after `finish`, once it is known |
 * | POST runs/:id/release                  | 200: queued again |
 *
 * Every call about a run carries `X-CC-CI-Lease: <attempt>.<token>`. 409 `fenced`: another attempt owns the run; the worker stops its own
 * at once and writes no more. Calls may be repeated: each is idempotent under one lease. events.ndjson is a file like the others that grows.
 */
export const claimBody = z.strictObject({
  memoryBytes: z.int().positive(),
  freeBytes: z.int().nonnegative(),
  harness: z.string().max(100),
  /** How long the server may wait for something to do, ms. */
  waitMs: z.int().min(0).max(25_000),
  /** Why it takes nothing now, for people; it is given nothing then. */
  trouble: z.string().max(300).optional(),
  /** Workers of earlier versions do not say. */
  disks: workerDisks.optional(),
})
export type ClaimBody = z.infer<typeof claimBody>

export const assignmentShape = z.object({
  request: runRequest,
  attempt: z.int().positive(),
  token: z.string().regex(/^[0-9a-f]{32}$/),
  /** Run id and folder name of this attempt. */
  folder: z.string().refine(isRunId),
  leaseMs: z.int().positive(),
  /** URL of the recipe as the results name it; not called by the worker. */
  origin: z.url(),
  /** What the operator approved of this repository: commits, and trees of code whichever commit has them. */
  approvedCommits: z.array(commitId).max(10_000),
  approvedTrees: z.array(commitId).max(10_000),
  /** Of an attribution: what is recorded of its old end; null or missing: nothing that can be compared. */
  recorded: importedResultShape.nullish(),
})
export type Assignment = Omit<z.infer<typeof assignmentShape>, 'recorded'> & {
  readonly recorded?: ImportedResult | null
}

export const renewAnswer = z.object({
  leaseMs: z.int().positive(),
  /** Why the run should end now; null: continue. */
  cancel: z.string().nullable(),
})
type RenewAnswer = z.infer<typeof renewAnswer>

const TEARDOWNS = ['clean', 'left', 'unknown', 'none'] as const

export const finishBody = z.strictObject({
  /** Of `cc-ci test`, or `cc-ci ab`; null when it was killed. */
  exitCode: z.int().nullable(),
  /** Set when the worker ended it: a cancel, the wall clock, too much output. */
  ended: z.enum(['itself', 'cancelled', 'deadline', 'output']),
  /** Last words of the process where there is no results.json; masked, 2,000 characters at most. */
  words: z.string().max(2000),
  teardown: z.enum(TEARDOWNS),
})
export type FinishBody = z.infer<typeof finishBody>

export const teardownBody = z.strictObject({ teardown: z.enum(TEARDOWNS) })

/** What a file of a run folder may be called when it comes over the wire: what a run writes, and nothing else. */
export const UPLOADED =
  /^(run\.json|attribution\.json|events\.ndjson|results\.json|report\.html|logs\/(attempt-\d{1,2}\/)?[\w.@+-]{1,180}\.log|artifacts\/[\w@+-][\w.@+ -]{0,180}(\/[\w@+-][\w.@+ -]{0,180}){0,5})$/

/** Bytes: of one call, of one file, of one run. What is over is refused with 413 and the run continues without that file. */
export const UPLOAD_LIMITS = { call: 8 * 1024 ** 2, file: 256 * 1024 ** 2, run: 1024 ** 3 } as const

/** A lease lasts this long without a word; a worker renews every `renewMs`. */
export const LEASE = { ms: 30_000, renewMs: 2_000 } as const

/**
 * A cancelled run is finished before it is over: its files are still taken until the teardown is reported, for `filesMs` at most. A worker gives up
 * bringing them `bringMs` after the run's process has ended.
 */
export const CANCELLED = { filesMs: 900_000, bringMs: 120_000 } as const

/** The server side of the protocol: over HTTP for other machines, by direct call for the embedded worker (files are then where they belong already). */
export interface Dispatch {
  /** True: the run's folder is the server's own; nothing is uploaded. */
  readonly sharesFolder: boolean
  claim(body: ClaimBody, signal: AbortSignal): Promise<Assignment | null>
  /** Writes the bundle to `file`. */
  source(assignment: Assignment, file: string, signal: AbortSignal): Promise<void>
  /** Throws FencedError, as every call below. */
  renew(assignment: Assignment): Promise<RenewAnswer>
  put(assignment: Assignment, path: string, offset: number, bytes: Uint8Array): Promise<{ readonly size: number }>
  finish(assignment: Assignment, body: FinishBody): Promise<void>
  teardown(assignment: Assignment, body: z.infer<typeof teardownBody>): Promise<void>
  release(assignment: Assignment): Promise<void>
}
