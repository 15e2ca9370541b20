import { mkdirSync } from 'node:fs'
import { type Logger, pino } from 'pino'
import { systemClock } from '../lib/async/clock.ts'
import { maskDebug } from '../lib/debug.ts'
import { EXIT, InfraError } from '../lib/errors.ts'
import { Masker } from '../lib/masking/mask.ts'
import { stateDir } from '../machine/state-dir.ts'
import { readTokenFile, serverUrl } from '../server/server-address.ts'
import { httpDispatch } from '../server/worker/http-dispatch.ts'
import { runWorker } from '../server/worker/worker.ts'
import type { StateOption } from './program/options.ts'
import { ownCommand } from './support/own-command.ts'
import { listenForStops } from './support/signals.ts'
import { standardOutputIsLog } from './support/standard-streams.ts'
import { workerLog } from './support/worker-log.ts'

export interface WorkerCommandOptions extends StateOption {
  readonly server: string
  readonly tokenFile: string
  /** Bytes. */
  readonly memory: number
  readonly drainDeadline?: number
  readonly log: 'text' | 'json'
}

/** `cc-ci worker`: runs what the server has to do, until SIGTERM. */
export async function workerCommand(options: WorkerCommandOptions): Promise<number> {
  const url = serverUrl(options.server)
  const token = readTokenFile(options.tokenFile)
  const masker = new Masker()
  masker.add(token)
  maskDebug(masker)
  const state = stateDir(options.state)
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const log: Logger = options.log === 'json' ? pino({}, process.stdout) : workerLog(process.stdout)
  standardOutputIsLog()
  using stops = listenForStops(log)
  log.info({ server: url, state, memoryBytes: options.memory }, 'working for the server')
  try {
    await runWorker({
      dispatch: httpDispatch({ url, token }),
      ...{ state, log, memoryBytes: options.memory, ccCi: ownCommand(), clock: systemClock },
      ...{ signal: stops.drain, release: stops.release },
      ...(options.drainDeadline === undefined ? {} : { drainMs: options.drainDeadline }),
    })
  } catch (error) {
    if (error instanceof InfraError && error.code === 'server-refused')
      log.error('the server does not take this worker')
    throw error
  }
  log.info('drained; no active runs')
  return EXIT.pass
}
