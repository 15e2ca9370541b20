import { statfsSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'
import type { MachineState } from '../../verdict/events.ts'

const GIB = 1024 ** 3

/** What this machine has left: an app on a starved machine looks ill without being it. `dir` lies on the disk that is asked. */
export function machineNow(dir: string): MachineState {
  return {
    load: loadavg(),
    processors: availableParallelism(),
    memoryBytes: { available: freemem(), total: totalmem() },
    diskFreeBytes: diskFree(dir),
  }
}

/** The same as one line of a cause. */
export function machineLine({ load, processors, memoryBytes, diskFreeBytes }: MachineState): string {
  const loads = load.map((value) => value.toFixed(1)).join(' ')
  const memory = `${gib(memoryBytes.available)} of ${gib(memoryBytes.total)} GiB memory available`
  const disk = diskFreeBytes === null ? 'disk usage unavailable' : `${gib(diskFreeBytes)} GiB disk free`
  return `machine: load ${loads} on ${processors} processors, ${memory}, ${disk}`
}

/** Null where it cannot be asked: what explains a failure must not become one. */
function diskFree(dir: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dir)
    return bavail * bsize
  } catch {
    return null
  }
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1)
}
