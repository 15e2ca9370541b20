import { CancelledError, DeadlineError } from '../../lib/errors.ts'
import { removeScratch } from '../../lib/files/scratch.ts'
import { killPrograms } from '../../lib/process/exec.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { reportError } from './report-error.ts'

/** Far beyond what reading a recipe takes: for an origin that does not answer, and history without end. */
const DEADLINE_MS = 15 * 60_000

export interface Planning {
  /** Removes what planning has written so far, but for scratch folders; it continues while this is called. */
  readonly discard?: () => void
  /** Default 15 min, which is the most. */
  readonly timeoutMs?: number
  /** Ends it as SIGTERM does. */
  readonly signal?: AbortSignal
}

/**
 * Reads and resolves a recipe: SIGINT, SIGTERM and the deadline end the process at once. There is nothing to take down in order, because planning makes nothing but files in
 * a folder of its own and starts nothing but git, so it is not asked to stop: its programs are killed, its folder is removed, the exit code is that of the signal
 * (deadline: 3). A signal is heard between two steps, of which the longest that the bounds of a recipe allow takes seconds.
 */
export async function whilePlanning<T>(
  act: () => Promise<T>,
  { discard, timeoutMs = DEADLINE_MS, signal }: Planning = {},
): Promise<T> {
  const end = (error: CancelledError | DeadlineError) => {
    killPrograms()
    discard?.()
    removeScratch()
    process.exit(reportError(error, process.argv.slice(2)))
  }
  const mostMs = Math.min(DEADLINE_MS, timeoutMs)
  const timer = setTimeout(() => end(late(mostMs)), mostMs)
  const onInterrupt = () => end(new CancelledError('SIGINT'))
  const onTerminate = () => end(new CancelledError('SIGTERM'))
  // Before whoever stops a run in order.
  process.prependListener('SIGINT', onInterrupt)
  process.prependListener('SIGTERM', onTerminate)
  signal?.addEventListener('abort', onTerminate, { once: true })
  try {
    return await act()
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onTerminate)
    signal?.removeEventListener('abort', onTerminate)
  }
}

function late(ms: number): DeadlineError {
  return new DeadlineError('plan-deadline', `the recipe could not be planned within ${formatDuration(ms)}`, {
    hint: 'Nothing was judged. If its origin answers slowly, clone it first; if it has very many versions, name the base with --base; `--deadline` counts for planning too.',
  })
}
