// cspell:ignore cgroupfs
import { readFileSync } from 'node:fs'

/** Where the version of control groups that counts is mounted: alone, or beside the older one. */
const ROOTS = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']
/** What Docker calls the group of a container, by its cgroup driver: cgroupfs, systemd. */
const GROUPS = [(id: string) => `docker/${id}`, (id: string) => `system.slice/docker-${id}.scope`]
const TOTAL = /^some .*\btotal=(\d+)$/m

/**
 * For how long something in each of these containers, by whole id, has waited for a processor since the container began, in ms: the kernel's own count (pressure stall
 * information, Documentation/accounting/psi.rst). Null where one of them is not counted: a container of another machine, an engine with groups elsewhere, a kernel without it.
 */
export function processorWaits(containers: readonly string[]): ReadonlyMap<string, number> | null {
  const waits = new Map<string, number>()
  for (const id of containers) {
    const ms = waitOf(id)
    if (ms === null) return null
    waits.set(id, ms)
  }
  return waits
}

function waitOf(id: string): number | null {
  for (const root of ROOTS)
    for (const group of GROUPS) {
      const [, total] = TOTAL.exec(read(`${root}/${group(id)}/cpu.pressure`)) ?? []
      if (total !== undefined) return Number(total) / 1000
    }
  return null
}

/** Nothing where it is not there, or may not be read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
