import { join } from 'node:path'
import type { Disturbance } from '../canary.ts'
import { Gate } from './gate.ts'

/** From the first image of the app on, until the run has said what it makes of that, lists of services are no lists, as of an engine that nobody here knows. */
export const strangeEngine: Disturbance = {
  what: 'the engine says something else than every engine so far',
  async prepare({ dir, env, cleanup, on }) {
    const gate = new Gate()
    const path = join(dir, 'engine.sock')
    cleanup.register('the socket in front of the engine', () => gate.close())
    await gate.listen(path)
    env.DOCKER_HOST = `unix://${path}`
    const asBefore = gate.instead
    on(({ type, ...event }) => {
      if (type === 'image') gate.instead = (line) => (/^GET [^?]*\/services\?/.test(line) ? '{"Services":[]}' : null)
      if (type === 'check' && 'outcome' in event && event.outcome !== 'pass') gate.instead = asBefore
      if (type === 'tier.started' && 'tier' in event && event.tier === 'teardown') gate.instead = asBefore
    })
  },
}
