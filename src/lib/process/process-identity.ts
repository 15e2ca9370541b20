import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Tells one process from any other that later gets the same pid: pid, its start time in clock ticks, and the boot it lives in. */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTicks: string
  readonly bootId: string
  /** Which pids these are; missing in what earlier releases wrote. */
  readonly pidNamespace?: string
}

/** The kernel's number of the namespace that the machine begins with (PROC_PID_INIT_INO). */
const FIRST_NAMESPACE = 'pid:[4026531836]'

export function ownIdentity(): ProcessIdentity {
  // Which pid is ours there depends on whose /proc it is.
  const pid = Number(read('/proc/self/stat')?.split(' ')[0] ?? process.pid)
  return { pid, startTicks: startTicks('self') ?? '', bootId: bootId(), pidNamespace: pidNamespace('self') }
}

/** False when that very process runs no more; a zombie does not run. True also where it may run out of our sight: in a pid namespace of its own. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false
  if (startTicks(identity.pid) === identity.startTicks) return true
  const { pidNamespace: theirs } = identity
  const ours = pidNamespace('self')
  if (theirs === undefined || theirs === '' || theirs === ours) return false
  return ours !== FIRST_NAMESPACE || runsBelow(identity)
}

/** Seen from the first namespace, which sees the processes of all, under other pids. */
function runsBelow({ startTicks: started, pidNamespace: theirs }: ProcessIdentity): boolean {
  return readdirSync('/proc').some(
    (name) => /^\d+$/.test(name) && startTicks(name) === started && pidNamespace(name) === theirs,
  )
}

function pidNamespace(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return ''
  }
}

function startTicks(pid: number | string): string | null {
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
