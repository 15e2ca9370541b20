import { waitFor } from '../lib/async/wait.ts'
import { InfraError } from '../lib/errors.ts'
import { exec, execOk, inheritedEnv } from '../lib/process/exec.ts'
import { withMachineLock } from '../lib/process/machine-lock.ts'

const INSTALL_DEADLINE_MS = 30 * 60_000
const LOCK_DEADLINE_MS = 300_000

/**
 * Installs Debian packages by name, after a fresh list of what there is. One at a time on this machine: two parts of a set-up
 * may both lack something. Another program's hold on apt is waited for, 5 minutes for each of its locks.
 * Throws InfraError `packages-busy` when it holds on, `program-failed` with apt's last words when apt refuses.
 */
export async function installPackages(names: readonly string[]): Promise<void> {
  await withMachineLock(
    () => undefined,
    async () => {
      await refreshLists()
      await execOk('apt-get', apt(['install', '--yes', '--no-install-recommends', ...names]), options())
    },
    'cc-ci-apt',
  )
}

/**
 * `apt-get update`. Apt's `DPkg::Lock::Timeout` is for dpkg's lock alone: at a held lock of the lists it gives up at once
 * (seen with apt 2.6), so that one is waited for here.
 */
export async function refreshLists(settings: readonly string[] = [], timeoutMs = LOCK_DEADLINE_MS): Promise<void> {
  const lists = await waitFor<null, InfraError>(
    async (signal) => {
      const { exitCode, stderr } = await exec('apt-get', apt(['update', ...settings]), { ...options(), signal })
      if (exitCode === 0) return { state: 'ready', value: null }
      const held = /^E: (Could not get lock .*)$/m.exec(stderr)?.[1]
      if (held) return { state: 'waiting', reason: held }
      const words = stderr.trim().split('\n').slice(-8).join('\n')
      return { state: 'impossible', cause: new InfraError('program-failed', `apt-get update failed:\n${words}`) }
    },
    { name: "the lock of apt's lists", timeoutMs, everyMs: 1000 },
  )
  if (lists.state === 'impossible') throw lists.cause
  if (lists.state === 'deadline')
    throw new InfraError('packages-busy', `apt is used by another program: ${lists.lastSeen}`, {
      hint: 'Wait until that process has ended (unattended upgrades may take minutes), then run it again.',
    })
}

function apt(args: readonly string[]): string[] {
  return ['-q', '-o', `DPkg::Lock::Timeout=${LOCK_DEADLINE_MS / 1000}`, ...args]
}

function options() {
  return { timeoutMs: INSTALL_DEADLINE_MS, env: { ...inheritedEnv(), DEBIAN_FRONTEND: 'noninteractive' } }
}
