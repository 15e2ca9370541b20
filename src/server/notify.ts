import type { Logger } from 'pino'
import type { Clock } from '../lib/async/clock.ts'
import { exec, inheritedEnv } from '../lib/process/exec.ts'
import { whichProgram } from '../machine/packages.ts'

const DEADLINE_MS = 5_000
const PROGRAM = 'systemd-notify'

type Env = Readonly<Record<string, string | undefined>>

export interface ServiceManager {
  /** `READY=1`, `STOPPING=1`. Never throws: what cannot be sent is logged. */
  notify(state: string): Promise<void>
  /** Says that this process still answers, twice as often as it is expected, until the signal; at once over where nobody waits for it. */
  keepTelling(signal: AbortSignal): Promise<void>
}

/**
 * Tells systemd how the service is, where it asked (NOTIFY_SOCKET). Node has no datagram sockets of the file system, so `systemd-notify`
 * says it; the unit lets the processes of the service speak for it (NotifyAccess=all).
 */
export function serviceManager(
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  env: Env = process.env,
): ServiceManager {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: allowedUs } = env
  const program = socket ? whichProgram(PROGRAM) : null
  if (socket && program === null) {
    log.error(
      `systemd waits to hear of this server, and ${PROGRAM} is not there to tell it: it will be stopped as hung`,
    )
  }

  async function notify(state: string): Promise<void> {
    if (!socket || program === null) return
    try {
      const options = { timeoutMs: DEADLINE_MS, env: { ...inheritedEnv(), NOTIFY_SOCKET: socket } }
      const { exitCode, stderr } = await exec(program, [state], options)
      if (exitCode !== 0) log.warn({ state, exitCode, words: stderr.trim() }, 'sd_notify failed')
    } catch (err) {
      log.warn({ state, err }, 'sd_notify failed')
    }
  }

  return {
    notify,
    async keepTelling(signal) {
      const everyMs = Number(allowedUs ?? 0) / 2000
      if (!socket || !(everyMs > 0)) return
      // A database or forge that is away is no reason to be killed, nor are the runs of this machine: that this loop turns is what counts.
      while (!signal.aborted) {
        await notify('WATCHDOG=1')
        await clock.sleep(everyMs, signal).catch(() => undefined)
      }
    },
  }
}
