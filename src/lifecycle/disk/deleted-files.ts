// cspell:ignore hugetlbfs memfd
import { readdir, readFile, readlink, stat, statfs } from 'node:fs/promises'

/** Kernel's numbers of file systems that are memory: tmpfs, and with it memfd and shared memory; hugetlbfs. */
const IN_MEMORY: readonly number[] = [0x01021994, 0x958458f6]
const DELETED = / \(deleted\)$/
/** A program may hold a million files; what is found until then counts. */
const AT_MOST_MS = 5_000

/**
 * What the processes of containers hold on the disk in files that have no name any more, in bytes by container: nobody finds these by walking folders, and they take
 * room until the last process closes them. Only for containers whose processes this process sees and may look into; nothing for others.
 */
export async function deletedFileBytes(containers: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const until = Date.now() + AT_MOST_MS
  const seen = new Set<string>()
  const held = new Map<string, number>()
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  for (const pid of processes) {
    const container = containerOf(await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''), containers)
    if (container === null) continue
    for (const folder of [`/proc/${pid}/fd`, `/proc/${pid}/map_files`])
      for (const name of await readdir(folder).catch(() => [])) {
        if (Date.now() > until) return held
        const file = await namelessFile(`${folder}/${name}`)
        if (file === null || seen.has(file.key)) continue
        seen.add(file.key)
        held.set(container, (held.get(container) ?? 0) + file.bytes)
      }
  }
  return held
}

/** The engine calls a control group after the whole id, whichever driver it has. */
function containerOf(cgroup: string, containers: readonly string[]): string | null {
  return containers.find((id) => cgroup.includes(id)) ?? null
}

/** Null for any other file, and where it is gone meanwhile. */
async function namelessFile(path: string): Promise<{ readonly key: string; readonly bytes: number } | null> {
  try {
    if (!DELETED.test(await readlink(path))) return null
    const file = await stat(path)
    if (!file.isFile() || file.nlink > 0 || file.blocks === 0) return null
    if (IN_MEMORY.includes((await statfs(path)).type)) return null
    return { key: `${file.dev}:${file.ino}`, bytes: file.blocks * 512 }
  } catch {
    // It was closed, or its process ended, while it was looked at.
    return null
  }
}
