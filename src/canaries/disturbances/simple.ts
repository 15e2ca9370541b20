import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { browserName } from '../../browser/names.ts'
import { docker, tryDocker } from '../../engine/docker-cli.ts'
import type { Disturbance } from '../canary.ts'

/** Chromium needs longer to start. */
const KILL_EVERY_MS = 100

/** A signal to the run as soon as its app is on the engine. */
export function signalled(name: 'SIGINT' | 'SIGTERM'): Disturbance {
  return {
    what: `${name} once the app is deployed`,
    prepare({ on }) {
      on((event, run) => {
        if (event.type === 'image') run.signal(name)
      })
    },
  }
}

/** What `git clone --depth 1` leaves of a history, and nobody to ask for the rest. */
export const cutHistory: Disturbance = {
  what: 'the history of the clone ends at its newest commit',
  prepare({ recipe }) {
    const git = join(recipe, '.git')
    writeFileSync(join(git, 'shallow'), readFileSync(join(git, 'refs', 'heads', 'main')))
  },
}

/** No browser of the run lives long enough to show a page. */
export const deadBrowser: Disturbance = {
  what: "each container of the run's browser is killed as soon as it runs",
  prepare({ on, cleanup }) {
    const over = new AbortController()
    cleanup.register('the killing of browsers', async () => over.abort())
    on((event, run) => {
      if (event.type === 'run.started') void killAll(browserName(run.stack), over.signal)
    })
  },
}

async function killAll(container: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await tryDocker(['kill', container])
    await setTimeout(KILL_EVERY_MS, undefined, { signal: over }).catch(() => undefined)
  }
}

/** The picture of the app is written to a device that is always full; it goes before the picture is read, because it also never ends. */
export const fullDisk: Disturbance = {
  what: 'there is no space for the screenshot',
  prepare({ on }) {
    on((event, run) => {
      const picture = join(run.folder, 'artifacts', 'install.png')
      if (event.type === 'run.started') symlinkSync('/dev/full', picture)
      if (event.type === 'check' && event.outcome !== 'pass') rmSync(picture, { force: true })
    })
  },
}

/** Something that is not ours stands where the run is about to make a folder of its own. */
export const blockedProfile: Disturbance = {
  what: "a file stands where the profile of the run's browser belongs",
  prepare({ on }) {
    on((event, run) => {
      if (event.type === 'run.started') writeFileSync(join(run.folder, 'tmp', 'browser'), 'in the way')
    })
  },
}

/** Somebody deploys another commit over the one under test while it comes up. */
export const otherCommit: Disturbance = {
  what: 'somebody else labels the app with another commit while head comes up',
  prepare({ on }) {
    on(async (event, run) => {
      if (event.type !== 'operation.ended' || event.kind !== 'upgrade') return
      const label = `coop-cloud.${run.stack}.chaos-version=0badc0de`
      await docker(['service', 'update', '--detach', '--label-add', label, `${run.stack}_app`])
    })
  },
}

/**
 * An operator sets something of the app by hand, past the recipe, once its container was killed and is back. The recipe must have another service, whose
 * turn comes next: its kill takes seconds, and head is deployed again only after it.
 */
export const changedByHand: Disturbance = {
  what: 'somebody sets an environment value by hand while another service is killed',
  prepare({ on }) {
    on(async (event, run) => {
      if (event.type !== 'operation.ended' || event.kind !== 'kill' || event.service !== 'app') return
      await docker(['service', 'update', '--detach', '--env-add', 'BY_HAND=1', `${run.stack}_app`])
    })
  },
}
