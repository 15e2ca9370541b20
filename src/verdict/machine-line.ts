import type { MachineState } from './events.ts'

const GIB = 1024 ** 3

/** What a machine had left, as one line of a cause. */
export function machineLine(
  { load, processors, memoryBytes, diskFreeBytes, waitedMs }: MachineState,
  whose = 'machine',
): string {
  const loads = load.map((value) => value.toFixed(1)).join(' ')
  const memory = `${gib(memoryBytes.available)} of ${gib(memoryBytes.total)} GiB memory available`
  const disk = diskFreeBytes === null ? 'disk usage unavailable' : `${gib(diskFreeBytes)} GiB disk free`
  const waited = waitedMs === undefined ? '' : `, app and test waited ${(waitedMs / 1000).toFixed(1)} s for processors`
  return `${whose}: load ${loads} on ${processors} processors${waited}, ${memory}, ${disk}`
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(1)
}
