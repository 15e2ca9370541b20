import { LEASE } from '../contract/protocol.ts'
import { KEEP, type KeepLimits } from './kept.ts'

export interface WorkerLimits {
  readonly renewMs: number
  /** What a run may print in all; `cc-ci test` prints some kilobytes. */
  readonly outputBytes: number
  /** How long a run may take beyond its own deadline, and how long after it was told to stop, for its teardown. */
  readonly teardownMs: number
  /** Between SIGTERM and SIGKILL of a run that has had its time for the teardown already. */
  readonly killMs: number
  /** How long the source of a run may not be had, because the forge is away, before the run ends without a verdict. */
  readonly sourceMs: number
  /** Longest wait of one claim, with nothing to do, and while runs go on whose end frees memory. */
  readonly idleWaitMs: number
  readonly busyWaitMs: number
  /** With less free disk than this, in bytes, no run is begun; and how often it is looked at then. */
  readonly diskBytes: number
  readonly diskLookMs: number
  /** How often images of runs are pruned, and how often while the disk is short, when all go that nobody uses. */
  readonly imagesMs: number
  readonly imagesShortMs: number
  readonly keep: KeepLimits
}

export const LIMITS: WorkerLimits = {
  renewMs: LEASE.renewMs,
  outputBytes: 16 * 1024 ** 2,
  teardownMs: 300_000,
  killMs: 10_000,
  sourceMs: 600_000,
  idleWaitMs: 20_000,
  busyWaitMs: 4_000,
  diskBytes: 2 * 1024 ** 3,
  diskLookMs: 15_000,
  imagesMs: 3_600_000,
  imagesShortMs: 60_000,
  keep: KEEP,
}
