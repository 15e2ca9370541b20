import { mkdirSync } from 'node:fs'
import { type Logger, pino } from 'pino'
import { systemClock } from '../lib/async/clock.ts'
import { maskDebug } from '../lib/debug.ts'
import { EXIT } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import { maskedLines } from '../server/http/middleware/mask-responses.ts'
import { serverMasker } from '../server/secrets.ts'
import { readServerSettings } from '../server/settings/read.ts'
import { SERVER_SETTINGS, type ServerSettingKey } from '../server/settings/table.ts'
import type { StateOption } from './program/options.ts'
import { ownCommand } from './support/own-command.ts'
import { listenForStops } from './support/signals.ts'
import { standardOutputIsLog } from './support/standard-streams.ts'
import { workerLog } from './support/worker-log.ts'

/** Every flag of the table of settings, as the command line names it: `publicUrl` of `--public-url`. */
export type ServeCommandOptions = StateOption & { readonly log?: 'text' | 'json' } & Readonly<Record<string, string>>

/** `cc-ci serve`: until SIGTERM. */
export async function serveCommand({ state: flag, log: form, ...flags }: ServeCommandOptions): Promise<number> {
  const state = stateDir(flag)
  const settings = readServerSettings({ state, flags: byKey(flags), env: process.env })
  mkdirSync(state, { recursive: true, mode: 0o700 })
  const asJson = form === undefined ? !process.stdout.isTTY : form === 'json'
  const masker = serverMasker(settings)
  maskDebug(masker)
  const out = maskedLines(masker, process.stdout)
  const log: Logger = asJson ? pino({}, out) : workerLog(out)
  standardOutputIsLog()
  using stops = listenForStops(log)
  const { serve } = await import('../server/serve.ts')
  await serve({
    ...{ settings, log, clock: systemClock, ccCi: ownCommand() },
    ...{ signal: stops.drain, release: stops.release },
  })
  return EXIT.pass
}

function byKey(flags: Readonly<Record<string, string>>): Partial<Record<ServerSettingKey, string>> {
  const given = SERVER_SETTINGS.flatMap(({ key, flag }) => {
    const value = flag === null ? undefined : flags[camelCase(flag)]
    return value === undefined ? [] : [[key, value] as const]
  })
  return Object.fromEntries(given)
}

function camelCase(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
