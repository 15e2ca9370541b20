import { statfsSync } from 'node:fs'
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'

const GIB = 1024 ** 3

/** What this machine had left when a tier ended badly, in one line: an app on a starved machine looks ill without being it. `dir` lies on the disk that is asked. */
export function machineNow(dir: string): string {
  const load = loadavg().map((value) => value.toFixed(1))
  const memory = `${gib(freemem())} of ${gib(totalmem())} GiB memory available`
  return `machine: load ${load.join(' ')} on ${availableParallelism()} processors, ${memory}, ${diskFree(dir)}`
}

/** Where it cannot be asked the line says so: what explains a failure must not become one. */
function diskFree(dir: string): string {
  try {
    const { bavail, bsize } = statfsSync(dir)
    return `${gib(bavail * bsize)} GiB disk free`
  } catch {
    return 'disk not to be asked'
  }
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1)
}
