import { companion } from '../../../src/canaries/changes.ts'
import { LISTEN } from '../../../src/canaries/tiny.ts'
import { type HostileCases, unproven } from '../case.ts'

const writing = (file: string) =>
  `sleep 3; while head -c 50000000 /dev/zero >> ${file}; do sleep 0.1; done; sleep 100000`
const fill = (file: string) => `(${writing(file)}) &\n${LISTEN}`
/** Most of the room of the small machine: that it ends is the subject, not how fast a disk is, and what is beside it has room all the time. */
const RESERVE = { CC_CI_DISK_RESERVE: '4G' }

/** What fills the disk of the machine, with no bound but what must stay free of it. */
export const DISK: HostileCases = {
  'fills-its-volume': {
    fast: 'the disk',
    about: 'Writes to its volume until the disk is full.',
    head: { serve: fill('/data/big') },
    env: RESERVE,
    ends: unproven('install', 'disk-full', 'infra', /volume data of app/),
    withinSeconds: 900,
  },
  'fills-its-layer': {
    about: 'Another service writes to the layer of its container until the disk is full.',
    head: {
      compose: (compose) => {
        compose.services.writer = companion(compose, writing('/big'), 'any')
      },
    },
    env: RESERVE,
    ends: unproven('install', 'disk-full', 'infra', /writer/),
    withinSeconds: 900,
  },
}
