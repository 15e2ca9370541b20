// cspell:ignore memcg
import { type KernelRecord, kernelRecords } from './kernel-log.ts'

/** A process that the kernel killed because the whole machine, not one group of processes, had no memory left. */
export interface MachineKill {
  /** Epoch ms. */
  readonly at: number
  /** What the process was called. */
  readonly program: string
}

/** Those that the kernel of this machine remembers since then (epoch ms). Empty where its log may not be read. */
export function machineKills(since: number): MachineKill[] {
  return killsIn(kernelRecords(since))
}

/**
 * The kernel says for each kill whose limit it was: `oom-kill:constraint=CONSTRAINT_MEMCG,…` is a group's own, any other the machine's
 * (mm/oom_kill.c, `dump_oom_summary`).
 */
export function killsIn(records: readonly KernelRecord[]): MachineKill[] {
  return records.flatMap(({ at, text }) => {
    const [, constraint, program] =
      /^oom-kill:constraint=CONSTRAINT_(\w+),.*,task=(.*),pid=\d+,uid=\d+$/.exec(text) ?? []
    return program === undefined || constraint === 'MEMCG' ? [] : [{ at, program }]
  })
}
