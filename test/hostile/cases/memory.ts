import type { RecipeChange } from '../../../src/canaries/changes.ts'
import { all, app, companion, deploy } from '../../../src/canaries/changes.ts'
import { LISTEN, PAGE } from '../../../src/canaries/tiny.ts'
import { fails, type HostileCases, unproven } from '../case.ts'

/** A shell that keeps twice as much with each step, once the app has been up for a moment. */
const EATS = 'sleep 3; x=0123456789abcdef; while :; do x=$x$x; done'
/** As the first process of its container: of any other only itself would be killed, and the app continues. */
const EATING = `${PAGE}\nbusybox httpd -p 8080 -h /www\n${EATS}`
/** The default is three quarters of the machine, as its kernel tells it; that of this test is a part of it. */
const RUN = ['--run-memory', '256M'] as const

const limit = (memory: string): RecipeChange => deploy({ resources: { limits: { memory } } })

/** What takes memory: in programs, and in file systems that are memory. */
export const MEMORY: HostileCases = {
  'more-than-its-limit': {
    about: 'Takes more memory than its own limit allows.',
    head: { serve: EATING, compose: limit('48M') },
    ends: fails('install', 'oom-killed'),
    withinSeconds: 600,
  },
  'memory-without-limit': {
    fast: 'memory',
    about: 'Takes memory without end, and sets no limit.',
    head: { serve: EATING },
    args: RUN,
    ends: unproven('install', 'run-memory', 'infra'),
    withinSeconds: 600,
  },
  'memory-limit-of-a-fool': {
    about: 'The same with a limit of its own that is larger than the machine.',
    head: { serve: EATING, compose: limit('900G') },
    args: RUN,
    ends: unproven('install', 'run-memory', 'infra'),
    withinSeconds: 600,
  },
  'memory-by-many': {
    about: 'Each of eight services stays below what the run may have; together they do not.',
    head: {
      compose: (compose) => {
        for (let n = 0; n < 8; n++) {
          const holds = `sleep 3; x=$(yes | head -c 60000000); while true; do sleep 1; done`
          compose.services[`part${n}`] = companion(compose, holds, 'any')
        }
      },
    },
    args: RUN,
    ends: unproven('install', 'run-memory', 'infra'),
    withinSeconds: 900,
  },
  'memory-as-files': {
    about: 'Fills a file system that is memory and has no size.',
    head: {
      serve: `(sleep 3; cat /dev/zero > /scratch/big) &\n${LISTEN}`,
      compose: all(app({}), ({ services }) => {
        Object.assign(services.app, { volumes: ['data:/data', { type: 'tmpfs', target: '/scratch' }] })
      }),
    },
    args: RUN,
    ends: unproven('install', 'run-memory', 'infra'),
    withinSeconds: 600,
  },
}
