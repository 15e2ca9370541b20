import { statfsSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'
import type { MachineState } from '../../verdict/events.ts'

/** What this machine has left: an app on a starved machine looks ill without being it. `dir` lies on the disk that is asked. */
export function machineNow(dir: string): MachineState {
  return {
    load: loadavg(),
    processors: availableParallelism(),
    memoryBytes: { available: freemem(), total: totalmem() },
    diskFreeBytes: diskFree(dir),
  }
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
