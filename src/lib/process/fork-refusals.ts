import { type KernelRecord, kernelRecords } from './kernel-log.ts'

/** When the kernel refused a group of processes one more, because it had as many as it may have: once for each group, the first time. */
export interface ForkRefusal {
  /** Epoch ms. */
  readonly at: number
  /** The path of the group, which has the id of a container in it. */
  readonly group: string
}

/** Those that the kernel of this machine remembers. Empty where its log may not be read. */
export function forkRefusals(): ForkRefusal[] {
  return refusalsIn(kernelRecords(0))
}

/** `cgroup: fork rejected by pids controller in /docker/ID` (kernel/cgroup/pids.c). */
export function refusalsIn(records: readonly KernelRecord[]): ForkRefusal[] {
  return records.flatMap(({ at, text }) => {
    const [, group] = /^cgroup: fork rejected by pids controller in (\/.+)$/.exec(text) ?? []
    return group === undefined ? [] : [{ at, group }]
  })
}
