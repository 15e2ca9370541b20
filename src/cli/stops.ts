import type { Logger } from 'pino'

export interface Stops {
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly drain: AbortSignal
  /** Aborted by the second. */
  readonly giveBack: AbortSignal
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
    log.info(`${name}: no new runs; those that go on are ended (again: they are given back)`)
    drain.abort()
  }
  process.on('SIGTERM', onStop)
  process.on('SIGINT', onStop)
  return {
    drain: drain.signal,
    giveBack: giveBack.signal,
    [Symbol.dispose]() {
      process.off('SIGTERM', onStop)
      process.off('SIGINT', onStop)
    },
  }
}
