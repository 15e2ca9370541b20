import { LEASE } from '../contract/protocol.ts'
import { FOLDER_LIMITS, type FolderLimits } from './workspace.ts'

export interface WorkerLimits {
  readonly renewMs: number
  /** What a run may print in all; `cc-ci test` prints some kilobytes. */
  readonly outputBytes: number
  /** Time for the teardown: beyond the run's own deadline, and after SIGTERM. */
  readonly teardownMs: number
  /** Between SIGTERM and SIGKILL of a run that has had its time for the teardown already. */
  readonly killMs: number
  /** How long fetching the source is retried while the forge is unavailable, before the run ends without a verdict. */
  readonly sourceMs: number
  /** Longest wait of one claim request: when idle, and while active runs may free memory. */
  readonly idleWaitMs: number
  readonly busyWaitMs: number
  /** With less free disk than this, in bytes, no run is claimed; and how often the disk is polled then. */
  readonly diskBytes: number
  readonly diskLookMs: number
  /** How often images of runs are pruned; and how often while the disk is short, when every unused image is removed. */
  readonly imagesMs: number
  readonly imagesShortMs: number
  readonly folders: FolderLimits
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
  folders: FOLDER_LIMITS,
}
