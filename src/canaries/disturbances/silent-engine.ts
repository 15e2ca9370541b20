import { join } from 'node:path'
import type { Disturbance } from '../canary.ts'
import { Gate } from './gate.ts'

/**
 * A socket in front of the engine. From the first image of the app on it passes nothing on, as an engine that hangs; once the run has
 * said what it makes of that, all that was held back goes through, so that the app can be removed.
 */
export const silentEngine: Disturbance = {
  what: 'the engine stops answering while the app comes up',
  async prepare({ dir, env, cleanup, on }) {
    const gate = new Gate()
    const path = join(dir, 'engine.sock')
    cleanup.register('the socket in front of the engine', () => gate.close())
    await gate.listen(path)
    env.DOCKER_HOST = `unix://${path}`
    on(({ type, ...event }) => {
      if (type === 'image') gate.silent = true
      if (type === 'check' && 'outcome' in event && event.outcome !== 'pass') gate.open()
      if (type === 'tier.started' && 'tier' in event && event.tier === 'teardown') gate.open()
    })
  },
}
