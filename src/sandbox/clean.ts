import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from '../engine/client.ts'
import { SANDBOX_USERS } from '../images/browser.ts'
import { messageOf } from '../lib/errors.ts'
import { type BridgeLink, type SettledPrograms, sandboxLost } from './bridge-link.ts'
import { reap } from './reaper.ts'

const CLEAN_DEADLINE_MS = 30_000
/** Cleaning takes a tenth of this; when it takes longer, a program is in its way. */
const PATIENCE_MS = 3000
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
export async function cleanUp(engine: Engine, { container, link, reaper }: CleanOptions): Promise<SettledPrograms> {
  let seen = ''
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const cleaning = cleanInside(engine, container)
    const said = await Promise.race([cleaning, delay(PATIENCE_MS, 'it takes too long', { ref: false })])
    if (said.endsWith(DONE)) {
      const settled = await link.settle()
      if (settled.survivors === 0) return settled
      seen = `${settled.survivors} processes left`
    } else {
      seen = said.slice(-300)
    }
    await reap(engine, { ...reaper, container })
    // Else it would come late and hit the next program.
    await cleaning
  }
  throw sandboxLost(`what a program left in it cannot be removed: ${seen}`)
}

/** What it said. Where processes are used up, or kill the cleaner, it fails, which is for the caller to look at. */
async function cleanInside(engine: Engine, container: string): Promise<string> {
  const user = String(SANDBOX_USERS.program)
  try {
    const argv = ['/bin/sh', '-c', CLEAN]
    const { stdout, stderr } = await engine.exec(container, argv, { user, timeoutMs: CLEAN_DEADLINE_MS })
    return `${stderr}${stdout}`.trim()
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'engine-refused') return messageOf(error)
    throw code === 'exec-deadline' ? sandboxLost(messageOf(error), error) : error
  }
}
