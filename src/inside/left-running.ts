import { readdirSync, readFileSync } from 'node:fs'

const PROGRAM_UID = '1000'

/** Processes of the unprivileged user that still run; one that has ended and waits to be collected does not count. */
export function survivors(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isAlive(read(`/proc/${name}/status`))).length
}

function isAlive(status: string): boolean {
  const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? []
  return uids.includes(PROGRAM_UID) && !/^State:\s+[ZX]/m.test(status)
}

/** How many processes the kernel has killed so far because the sandbox's memory was used up; -1 where it does not say. */
export function memoryKills(): number {
  const text = read('/sys/fs/cgroup/memory/memory.oom_control') || read('/sys/fs/cgroup/memory.events')
  return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? -1)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It ended meanwhile, or is not there on this kernel.
    return ''
  }
}
