import { docker, tryDocker } from '../../engine/docker-cli.ts'
import { InfraError } from '../../lib/errors.ts'
import type { Disturbance } from '../canary.ts'

export const MOVING_IMAGE = 'cc-ci-fixtures/moving:1'

/** A first run with one image under the name, then another image under the same name, as an upstream does that moves a tag. */
export const movedImage: Disturbance = {
  what: 'after a first run of the recipe its image reference means another image',
  async prepare({ recipe, call, cleanup }) {
    cleanup.register(
      `the image ${MOVING_IMAGE}`,
      async () => void (await tryDocker(['image', 'rm', '--force', MOVING_IMAGE])),
    )
    await docker(['tag', 'cc-ci-fixtures/busybox:1', MOVING_IMAGE])
    const first = await call(['test', recipe, '--only', 'install'])
    if (first.exitCode !== 0) throw new InfraError('first-run-failed', `the first run ended with ${first.exitCode}`)
    const made = await docker(['create', '--label', 'moved=yes', 'cc-ci-fixtures/busybox:1'])
    const container = made.stdout.trim()
    cleanup.register('the container it is made from', async () => void (await tryDocker(['rm', '--force', container])))
    await docker(['commit', '--change', 'LABEL moved=yes', container, MOVING_IMAGE])
  },
}
