import { exec, inheritedEnv } from '../lib/exec.ts'
import { whichProgram } from '../machine/packages.ts'

const DEADLINE_MS = 5_000

/**
 * Tells systemd how the service is (`READY=1`, `WATCHDOG=1`, `STOPPING=1`), where it asked (NOTIFY_SOCKET). Node has no datagram sockets of
 * the file system, so `systemd-notify` says it; the unit lets the processes of the service speak for it (NotifyAccess=all).
 */
export async function notify(state: string): Promise<void> {
  const { NOTIFY_SOCKET } = process.env
  if (!NOTIFY_SOCKET || whichProgram('systemd-notify') === null) return
  await exec('systemd-notify', [state], { deadlineMs: DEADLINE_MS, env: { ...inheritedEnv(), NOTIFY_SOCKET } })
}

/** How often the watchdog wants to hear of us, in ms: half of what the unit allows; null where it does not ask. */
export function watchdogEveryMs(): number | null {
  const allowed = Number(process.env.WATCHDOG_USEC ?? 0) / 1000
  return allowed > 0 ? allowed / 2 : null
}
