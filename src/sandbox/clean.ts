import type { Engine } from '../engine/client.ts'
import { SANDBOX_USERS } from '../images/sandbox.ts'
import { messageOf } from '../lib/errors.ts'
import { type BridgeLink, type Settled, sandboxLost } from './bridge-link.ts'
import { reap } from './reaper.ts'

const CLEAN_DEADLINE_MS = 20_000
const ATTEMPTS = 3
const DONE = 'cleaned'

/**
 * Kills with one call what the user's programs have left running, which no fork can outrun, and removes what they left in memory and scratch
 * folders: the next program is another's.
 */
const CLEAN = `kill -KILL -1
ipcrm --all 2>/dev/null
cd / && for dir in /tmp /home/sandbox /dev/shm /dev/mqueue; do
  chmod -R u+rwX "$dir"/* "$dir"/.[!.]* 2>/dev/null
  find "$dir" -mindepth 1 -delete || exit 1
done
echo ${DONE}`

export interface CleanOptions {
  readonly container: string
  readonly link: BridgeLink
  /** Starts what kills from outside when killing from inside is prevented. */
  readonly reaper: { readonly name: string; readonly image: string; readonly runId: string }
}

/**
 * Ends the requests of a program and all that is left of it; the bridge, which no program can touch, says that nothing runs any more. Throws
 * InfraError `sandbox-lost` when something resists.
 */
export async function cleanUp(engine: Engine, { container, link, reaper }: CleanOptions): Promise<Settled> {
  let seen = ''
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const said = await cleanInside(engine, container)
    const settled = await link.settle()
    if (settled.survivors === 0 && said.trim().endsWith(DONE)) return settled
    seen = `${settled.survivors} processes left; ${said.trim().slice(-300)}`
    if (settled.survivors > 0) await reap(engine, { ...reaper, container })
  }
  throw sandboxLost(`what a program left in it cannot be removed: ${seen}`)
}

/** What it said. Where processes are used up or kill the cleaner it fails, which is for the caller to look at. */
async function cleanInside(engine: Engine, container: string): Promise<string> {
  try {
    const user = String(SANDBOX_USERS.program)
    const { stdout, stderr } = await engine.exec(container, ['/bin/sh', '-c', CLEAN], {
      user,
      deadlineMs: CLEAN_DEADLINE_MS,
    })
    return `${stderr}${stdout}`
  } catch (error) {
    return messageOf(error)
  }
}
