import { InfraError } from '../../lib/errors.ts'
import { machineLocks, tryMachineLock, withMachineLock } from '../../lib/process/machine-lock.ts'

/** A live run of this machine that has chosen a node, with the memory that it declares. */
export interface Claim {
  readonly nodeId: string
  readonly stack: string
  readonly bytes: number
}

const PREFIX = 'cc-ci-node-'
const MIB = 1024 ** 2

/**
 * Claims of this machine are names that processes hold while they live, where every process can see them: one that dies leaves none. Two runs on their way see each other so, though
 * the Swarm knows nothing of them yet.
 */
export function claims(): Claim[] {
  return machineLocks(PREFIX).flatMap((name) => {
    const [, nodeId, mib, stack] = /^(\w+)-(\d+)-([\w.-]+)$/.exec(name.slice(PREFIX.length)) ?? []
    return nodeId && stack ? [{ nodeId, stack, bytes: Number(mib) * MIB }] : []
  })
}

/** Chooses while nobody else of this machine does. */
export function choosing<T>(act: () => Promise<T>): Promise<T> {
  return withMachineLock(() => {}, act, 'cc-ci-nodes')
}

/** Held until it is disposed of, or the process ends. Only while choosing. Throws InfraError `claim-taken`. */
export async function claim({ nodeId, stack, bytes }: Claim): Promise<Disposable> {
  const taken = claims().some((one) => one.stack === stack)
  const held = taken ? null : await tryMachineLock(`${PREFIX}${nodeId}-${Math.ceil(bytes / MIB)}-${stack}`)
  if (held) return held
  throw new InfraError('claim-taken', `another process of this machine runs ${stack}`, {
    hint: 'Wait for its end: two runs of one app cannot be told apart.',
  })
}
