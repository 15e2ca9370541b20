/**
 * Seconds from the begin to the end of real runs through `cc-ci test` with default settings, as their results.json tell, on two processors that other
 * runs shared (2026-11-30 and 2026-12-01). All tiers that apply, teardown included.
 */
export const GREEN_SECONDS = [
  // PocketBase over its data migrations: the demo.
  ...[111.2, 110.8, 116.3, 110.8, 111.2],
  // Healthy recipes that look ill: one-shots, tmpfs, read-only roots, labels, a page rendered from a volume.
  ...[101.8, 99.4, 97.9, 98.8, 102.3, 156.2, 127.0, 141.4, 113.0, 113.5, 113.6, 102.8, 160.7, 111.9],
  ...[103.3, 98.5, 102.5, 94.9, 149.0, 100.1],
] as const

/** Healthy ones that start for minutes at each deployment. */
export const SLOW_SECONDS = [567.3, 400.5, 304.1, 564.7, 397.3, 291.4, 548.5, 388.1, 247.4] as const

/** Runs that ended red. A red tier that may be chance was judged a second time in them, on a fresh stack. */
export const RED_SECONDS = [
  ...[20.4, 100.3, 39.3, 46.2, 97.8, 120.9, 14.0, 18.5, 31.8, 112.8, 77.6, 31.8, 9.5, 28.9, 8.4, 8.3, 4.4, 25.4],
  ...[106.9, 8.4, 12.0, 22.0, 105.8, 78.0, 31.9, 9.1, 26.6, 12.7, 4.8, 2.9, 101.1, 7.3, 12.2, 21.4, 94.4, 65.4],
] as const
