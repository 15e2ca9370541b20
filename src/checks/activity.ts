import type { TimeSpan } from '../engine/convergence/activity.ts'

/**
 * Tells when the app under test was last at work. Whoever watches the app fulfils it; checks only ask.
 *
 * Signs of work, each with the time at which it was seen: a task came, changed its state or ended; the health of a container is `starting` (for
 * as long as it is) or changed; a line was logged; the processor was used by more than an idle server and its health probes need. What
 * health probes do (the lines that they cause, the processor time that they take) is no sign, and it is the watch that leaves it out: it
 * knows when they ran.
 */
export interface AppActivity {
  /**
   * The time of the last sign in epoch ms; null where it cannot be known, as for a container on another node: then nothing is ever called quiet.
   * The answer is up to date within a few seconds.
   *
   * `excused`: when requests of ours were with the app, from their start to 1 s after their end. Lines logged in there, and processor time that
   * is used in there alone, are no sign, because answering us makes both. Tasks and health always are. A caller excuses nothing while
   * the app itself says "not yet" (429, 502, 503, 504) and nothing that the proxy answered in its place: such an app is at work as long as it
   * writes anything.
   */
  lastAt(excused?: readonly TimeSpan[]): number | null
}
