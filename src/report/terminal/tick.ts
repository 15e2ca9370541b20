import type { Clock } from '../../lib/async/clock.ts'

const TICK_MS = 250
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** The sign before what is active, which moves with each tick. */
export function spinner(ticks: number): string {
  return FRAMES[ticks % FRAMES.length] ?? ''
}

/** Calls `each` a few times a second until the signal is aborted. A view that cannot be drawn ends itself, never the run. */
export async function tick(clock: Clock, signal: AbortSignal, each: () => void): Promise<void> {
  while (!signal.aborted) {
    const woken = await clock.sleep(TICK_MS, signal).then(
      () => true,
      () => false,
    )
    if (!woken) return
    try {
      each()
    } catch {
      return
    }
  }
}
