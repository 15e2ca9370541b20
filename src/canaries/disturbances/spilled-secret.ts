import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docker } from '../../engine/docker-cli.ts'
import { InfraError } from '../../lib/errors.ts'
import type { Disturbance } from '../canary.ts'

/** Writes a secret of the app into a log of the run past the masker, as a part of cc-ci that forgot it would. */
export const spilledSecret: Disturbance = {
  what: 'a secret of the app is written to the logs of the run past the masker',
  prepare({ on }) {
    on(async (event, run) => {
      if (event.type !== 'tier.ended' || event.tier !== 'install') return
      const { stdout } = await docker([
        'ps',
        '--quiet',
        '--filter',
        `label=com.docker.swarm.service.name=${run.stack}_app`,
      ])
      const [container] = stdout.split('\n')
      if (!container) throw new InfraError('no-container', `no container of ${run.stack}_app runs`)
      const secret = await docker(['exec', container, 'cat', '/run/secrets/token'])
      writeFileSync(join(run.folder, 'logs', 'forgotten.log'), `token=${secret.stdout}\n`)
    })
  },
}
