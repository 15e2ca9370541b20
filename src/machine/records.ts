import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeJsonSync } from '../lib/files/atomic-file.ts'

/** What cc-ci made on this machine, each kept in a file of its own, so that `engine down` removes that and nothing else. */
const shapes = {
  engine: z.object({ pid: z.number(), startedAt: z.string() }),
  swarm: z.object({ nodeId: z.string() }),
  proxy: z.object({ networkId: z.string() }),
} as const

export type RecordName = keyof typeof shapes
export type RecordOf<N extends RecordName> = z.infer<(typeof shapes)[N]>

/** The folder for what concerns the machine, made when it is not there. */
export function machineFolder(state: string): string {
  const folder = join(state, 'machine')
  mkdirSync(folder, { recursive: true })
  return folder
}

export function writeMachineRecord<N extends RecordName>(state: string, name: N, value: RecordOf<N>): void {
  writeJsonSync(join(machineFolder(state), `${name}.json`), value, { mode: 0o644 })
}

/** Null when cc-ci did not make it, or when the record cannot be understood. */
export function readMachineRecord<N extends RecordName>(state: string, name: N): RecordOf<N> | null {
  try {
    const parsed = shapes[name].safeParse(JSON.parse(readFileSync(join(state, 'machine', `${name}.json`), 'utf8')))
    return parsed.success ? (parsed.data as RecordOf<N>) : null
  } catch {
    // Not there or cut off: then nothing may be removed on its account.
    return null
  }
}

export function dropRecord(state: string, name: RecordName): void {
  rmSync(join(state, 'machine', `${name}.json`), { force: true })
}
