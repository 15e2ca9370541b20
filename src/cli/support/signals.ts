import type { Logger } from 'pino'
import { CancelledError, EXIT } from '../../lib/errors.ts'

export interface Interruption {
  readonly signal: AbortSignal
  /** That of the signal; only once it has come. */
  exitCode(): number
  [Symbol.dispose](): void
}

/**
 * The first SIGINT or SIGTERM stops the run and takes it down in order; a second SIGINT abandons the teardown: what is left
 * stays recorded, and the next run or `cc-ci gc` removes it. `supervised`: standard input is a pipe that a supervisor holds, and its end is
 * as a SIGTERM, so that a run never outlives whoever asked for it.
 */
export function listenForSignals(
  doing = 'stopping and removing the app',
  { supervised = false }: { readonly supervised?: boolean } = {},
): Interruption {
  const controller = new AbortController()
  const stop = (name: 'SIGINT' | 'SIGTERM') => {
    if (controller.signal.aborted && name === 'SIGINT') {
      process.stderr.write('\ncc-ci: teardown abandoned; `cc-ci gc` removes what is left.\n')
      process.exit(EXIT.sigint)
    }
    if (controller.signal.aborted) return
    process.stderr.write(`\ncc-ci: ${name}: ${doing} (again Ctrl-C: leave it to \`cc-ci gc\`)\n`)
    controller.abort(new CancelledError(name))
  }
  const onInterrupt = () => stop('SIGINT')
  const onTerminate = () => stop('SIGTERM')
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  if (supervised) {
    process.stdin.once('close', onTerminate).on('error', onTerminate).resume()
    if ('unref' in process.stdin) process.stdin.unref()
    // The supervisor's death closes these too, and the teardown continues without them.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  }
  return {
    signal: controller.signal,
    exitCode: () => (controller.signal.reason as CancelledError).exitCode,
    [Symbol.dispose]() {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
      if (supervised) process.stdin.off('close', onTerminate).destroy()
    },
  }
}

export interface Stops {
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly drain: AbortSignal
  /** Aborted by the second. */
  readonly release: AbortSignal
  [Symbol.dispose](): void
}

/** The first SIGTERM or SIGINT drains, the second gives the runs back. */
export function listenForStops(log: Logger): Stops {
  const drain = new AbortController()
  const giveBack = new AbortController()
  const onStop = (name: string) => {
    if (drain.signal.aborted) {
      log.info(`${name} again: stopping runs and giving them back`)
      return giveBack.abort()
    }
    log.info(`${name}: no new runs; active ones are ended (again: they are given back)`)
    drain.abort()
  }
  process.on('SIGTERM', onStop)
  process.on('SIGINT', onStop)
  return {
    drain: drain.signal,
    release: giveBack.signal,
    [Symbol.dispose]() {
      process.off('SIGTERM', onStop)
      process.off('SIGINT', onStop)
    },
  }
}
