// cspell:ignore procs subtree
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execOk } from '../../../src/lib/process/exec.ts'

/** What a test engine, its containers and all that runs in its namespaces may take of this machine together. */
export interface EngineBounds {
  /** Page cache and tmpfs count. */
  readonly memoryBytes: number
  /** Of a file system of its own, on which the engine keeps everything. Its file is sparse. */
  readonly diskBytes: number
  /** Threads count. */
  readonly processes: number
}

/** What the first process of the namespaces has to do before it starts anything. */
export interface Enclosure {
  /** It enters these, by writing `0`. */
  readonly cgroups: readonly string[]
  /** It mounts this file over the engine's folder: the mount ends with the namespaces. */
  readonly disk: string
}

const ROOT = '/sys/fs/cgroup'
/** A quarter of what a program beside it gets where all want the processors, in the units of both versions. */
const SMALL_SHARE = { shares: 256, weight: 25 } as const

/** Makes the cgroup `name` and the file system, both bounded, for a machine with one tree of cgroups (version 2) or several (version 1). */
export async function enclose(dir: string, name: string, bounds: EngineBounds): Promise<Enclosure> {
  const disk = join(dir, 'disk.img')
  await execOk('truncate', ['--size', String(bounds.diskBytes), disk], { timeoutMs: 10_000 })
  await execOk('mkfs.ext4', ['-q', '-m', '0', disk], { timeoutMs: 60_000 })
  return { cgroups: existsSync(join(ROOT, 'cgroup.controllers')) ? oneTree(name, bounds) : trees(name, bounds), disk }
}

function trees(name: string, { memoryBytes, processes }: EngineBounds): string[] {
  const limits: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    memory: { 'memory.limit_in_bytes': memoryBytes },
    pids: { 'pids.max': processes },
    cpu: { 'cpu.shares': SMALL_SHARE.shares },
  }
  return Object.entries(limits).map(([controller, values]) => {
    const group = join(ROOT, controller, name)
    mkdirSync(group)
    for (const [file, value] of Object.entries(values)) writeFileSync(join(group, file), String(value))
    return join(group, 'cgroup.procs')
  })
}

/** A group whose children have controllers holds no process of its own, hence `rest`. */
function oneTree(name: string, { memoryBytes, processes }: EngineBounds): string[] {
  const group = join(ROOT, name)
  mkdirSync(group)
  const controllers = '+memory +pids +cpu'
  writeFileSync(join(ROOT, 'cgroup.subtree_control'), controllers)
  writeFileSync(join(group, 'memory.max'), String(memoryBytes))
  writeFileSync(join(group, 'memory.swap.max'), '0')
  writeFileSync(join(group, 'pids.max'), String(processes))
  writeFileSync(join(group, 'cpu.weight'), String(SMALL_SHARE.weight))
  writeFileSync(join(group, 'cgroup.subtree_control'), controllers)
  mkdirSync(join(group, 'rest'))
  return [join(group, 'rest', 'cgroup.procs')]
}
