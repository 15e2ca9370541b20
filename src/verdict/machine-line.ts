import type { MachineState } from './events.ts'

const GIB = 1024 ** 3

/** What a machine had left, as one line of a cause. */
export function machineLine({ load, processors, memoryBytes, diskFreeBytes }: MachineState, whose = 'machine'): string {
  const loads = load.map((value) => value.toFixed(1)).join(' ')
  const memory = `${gib(memoryBytes.available)} of ${gib(memoryBytes.total)} GiB memory available`
  const disk = diskFreeBytes === null ? 'disk usage unavailable' : `${gib(diskFreeBytes)} GiB disk free`
  return `${whose}: load ${loads} on ${processors} processors, ${memory}, ${disk}`
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1)
}
