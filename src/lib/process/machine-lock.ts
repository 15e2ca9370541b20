import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { waitFor } from '../async/wait.ts'
import { InfraError } from '../errors.ts'

/** As long as the longest set-up may hold it. */
const WAIT_DEADLINE_MS = 60 * 60_000

/**
 * Runs `act` while nobody else on this machine sets it up. The lock is an abstract socket: the kernel frees it with the
 * process, however that ends, so it can never be stale. Throws InfraError `setup-busy` after an hour of waiting.
 */
export async function withMachineLock<T>(
  log: (line: string) => void,
  act: () => Promise<T>,
  name = 'cc-ci-machine',
): Promise<T> {
  const taken = await waitFor<Server, never>(
    async () => {
      const server = await listen(`\0${name}`)
      return server
        ? { state: 'ready', value: server }
        : { state: 'waiting', reason: 'another set-up is at work on this machine' }
    },
    {
      wait: 'machine-lock',
      timeoutMs: WAIT_DEADLINE_MS,
      everyMs: 250,
      onWaiting: ({ reason }) => log(`waiting: ${reason}`),
    },
  )
  if (taken.state !== 'ready')
    throw new InfraError('setup-busy', 'another set-up has been at work on this machine for an hour')
  try {
    return await act()
  } finally {
    taken.value.close()
  }
}

/** Takes a lock of this machine, freed by the kernel however the process ends; null where another process has it. */
export async function tryMachineLock(name: string): Promise<Disposable | null> {
  const server = await listen(`\0${name}`)
  return server && { [Symbol.dispose]: () => void server.close() }
}

/** Names of all locks that processes of this machine hold and that begin so. Those of another network namespace are not seen, as they cannot be taken from here. */
export function machineLocks(prefix: string): string[] {
  const names = readFileSync('/proc/net/unix', 'utf8').matchAll(/ @(\S+)$/gm)
  return [...names].flatMap(([, name = '']) => (name.startsWith(prefix) ? [name] : []))
}

function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    )
    server.listen(path, () => resolve(server))
    server.unref()
  })
}
