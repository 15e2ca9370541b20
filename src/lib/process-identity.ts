import { readFileSync } from 'node:fs'

/** Tells one process from any other that later gets the same pid: pid, its start time in clock ticks, and the boot it lives in. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: string
  readonly bootId: string
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicks(process.pid) ?? '', bootId: bootId() }
}

/** True while that very process runs; a zombie does not count. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false
  return startTicks(identity.pid) === identity.startTicks
}

function startTicks(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`)
  // The command name is in parentheses and may hold anything: fields are counted after the last one (proc(5)).
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return null
  return fields[19] ?? null
}

function bootId(): string {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
