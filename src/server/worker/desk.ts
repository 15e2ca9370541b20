import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isAlive, ownIdentity, type ProcessIdentity } from '../../lib/process-identity.ts'

/** A folder for what a worker process needs while it lives, named after it, so that the next one removes it when it was killed. */
export interface Desk {
  readonly dir: string
  [Symbol.asyncDispose](): Promise<void>
}

export async function openDesk(state: string): Promise<Desk> {
  const all = join(state, 'worker')
  const dir = join(all, nameOf(ownIdentity()))
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (const name of await readdir(all)) {
    const owner = identityOf(name)
    if (owner && !isAlive(owner)) await rm(join(all, name), { recursive: true, force: true })
  }
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 3 }) }
}

function nameOf({ pid, startTicks, bootId, pidNamespace = '' }: ProcessIdentity): string {
  return `${pid}-${startTicks}-${bootId}@${pidNamespace.replace(/\D/g, '')}`
}

function identityOf(name: string): ProcessIdentity | null {
  const [, pid, startTicks = '', bootId = '', namespace] = /^(\d+)-(\d*)-([\w-]*)(?:@(\d+))?$/.exec(name) ?? []
  const pidNamespace = namespace ? { pidNamespace: `pid:[${namespace}]` } : {}
  return pid === undefined ? null : { pid: Number(pid), startTicks, bootId, ...pidNamespace }
}
