import { readFileSync } from 'node:fs'
import type { ComposeModel, ComposeService } from '../recipe/model.ts'
import { fairLimit } from './fair-limit.ts'
import { containersOf } from './run-memory.ts'

/** Of all that the kernel can number: the rest is for the engine, cc-ci, other runs and whoever looks after the machine. */
const SHARE = 1 / 4
/** No server starts with less. */
const LEAST = 64
/** Where the kernel does not say: the least that it is built with (include/linux/threads.h, `PID_MAX_DEFAULT`). */
const USUAL = 32_768

/** How many processes, threads among them, all containers of one run's app may have together. */
export function machineProcesses(kernelMost = Math.min(...['pid_max', 'threads-max'].map(kernelNumber))): number {
  return Math.floor(kernelMost * SHARE)
}

/** The most that any container may have: `setting` (`resources.processes`), or less where all together would come to more than `together`. */
export function mostProcesses(model: ComposeModel, setting: number, together: number): number {
  const demands = Object.values(model.services).map((service) => ({
    each: Math.min(setting, ownProcesses(service) ?? setting),
    containers: containersOf(service),
  }))
  return Math.max(LEAST, fairLimit(demands, { total: together, most: setting }))
}

/** `deploy.resources.limits.pids`; null: without a limit, which zero and less mean to the engine too. */
export function ownProcesses({ deploy }: ComposeService): number | null {
  const { resources } = (deploy ?? {}) as { resources?: { limits?: { pids?: unknown } } }
  const pids = Number(resources?.limits?.pids ?? 0)
  return pids > 0 ? pids : null
}

function kernelNumber(name: string): number {
  try {
    return Number(readFileSync(`/proc/sys/kernel/${name}`, 'utf8'))
  } catch {
    // No Linux, or a container without it: what the engine's kernel allows is not known here.
    return USUAL
  }
}
