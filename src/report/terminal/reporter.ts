import { type Clock, systemClock } from '../../lib/async/clock.ts'
import type { RunEvent } from '../../verdict/events.ts'
import { inkFor, wantsColor } from '../text/colors.ts'
import { LineReporter } from './line-reporter.ts'
import type { SharedStream } from './live-block.ts'
import { LiveReporter } from './live-reporter.ts'
import { canRedraw, type Screen } from './screen.ts'

export interface TerminalOptions {
  readonly stream: Screen
  /** Other streams of this process that may be the same terminal: standard error beside standard output. */
  readonly shared?: readonly SharedStream[]
  /** Default: the system's. */
  readonly clock?: Clock
  /** Whether lines may be drawn over. Default: by the stream and the environment. */
  readonly tty?: boolean
  /** Default: by NO_COLOR, FORCE_COLOR and the stream. */
  readonly color?: boolean
}

export interface TerminalReporter {
  onEvent(event: RunEvent): void
  /** Stops the clock, and leaves on the screen what stays. May be called more than once. */
  close(): void
}

/**
 * Shows a run while it is active. On a terminal: a line for each tier that ended, and below them one block that is redrawn, with the tier, its elapsed
 * time, and what is waited for and why. Elsewhere: one line for each thing that happens, and for each wait that lasts.
 */
export function terminalReporter({
  stream,
  shared = [],
  clock = systemClock,
  tty = canRedraw(stream),
  color = wantsColor(stream.isTTY === true),
}: TerminalOptions): TerminalReporter {
  const ink = inkFor(color)
  return tty ? new LiveReporter({ stream, shared, clock, ink }) : new LineReporter({ stream, clock, ink })
}
