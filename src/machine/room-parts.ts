import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { formatSize } from '../lib/text/size.ts'
import { diskReserve, roomIn } from './disk-room.ts'
import { impossible, type MachinePart, ok } from './part.ts'

const GIB = 1024 ** 3
const DISK_GIB = 4
const MEMORY_GIB = 1.5

/** Room for images and volumes; what is there is asked of the file system of the engine's usual folder. */
export const diskPart: MachinePart = {
  id: 'disk',
  title: 'Disk space',
  action: '',
  needs: [],
  remedy: `Free some: images and volumes of one run need up to ${DISK_GIB} GiB. 'docker system df' shows what takes it.`,
  async inspect() {
    const folder = ['/var/lib/docker', '/var/lib', '/'].find(existsSync) ?? '/'
    const room = await roomIn(folder)
    const free = room.free / GIB
    return free >= DISK_GIB
      ? ok(`${free.toFixed(0)} GiB free, ${formatSize(diskReserve(room.size))} of it stay free while runs write`)
      : impossible(`${free.toFixed(1)} GiB free in ${folder}, ${DISK_GIB} needed`)
  },
}

export const memoryPart: MachinePart = {
  id: 'memory',
  title: 'Memory',
  action: '',
  needs: [],
  remedy: `Use a machine with at least ${MEMORY_GIB} GiB.`,
  async inspect() {
    const gib = totalmem() / GIB
    return gib >= MEMORY_GIB ? ok(`${gib.toFixed(0)} GiB`) : impossible(`${gib.toFixed(1)} GiB, ${MEMORY_GIB} needed`)
  },
}

/** Whether the kernel can carry traffic to service VIPs. Never a lack: a run proves it with a connection and makes do without. */
export const vipsPart: MachinePart = {
  id: 'vips',
  title: 'Service VIPs',
  action: '',
  needs: [],
  remedy: 'Load the kernel module ip_vs.',
  async inspect() {
    if (process.env.DOCKER_HOST) return ok('asked with a real connection when a run starts')
    return existsSync('/proc/net/ip_vs')
      ? ok('the kernel has IPVS')
      : ok('the kernel has no IPVS: runs use DNS round robin and host-mode ports')
  },
}
