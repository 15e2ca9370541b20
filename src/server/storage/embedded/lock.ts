import { createHash } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { UsageError } from '../../../lib/errors.ts'

/**
 * Makes this process the only one on the embedded database in `folder`, which must exist. The lock is an abstract socket, freed by the kernel
 * however we end; it answers with our pid. Throws UsageError `database-in-use`. Gives the function that lets go.
 */
export async function acquireDatabaseLock(folder: string): Promise<() => Promise<void>> {
  const real = await realpath(folder)
  const name = `\0cc-ci-database-${createHash('sha256').update(real).digest('hex').slice(0, 40)}`
  const server = await listen(name)
  if (server) return () => new Promise((resolve) => server.close(() => resolve()))
  const pid = await queryHolder(name)
  throw new UsageError('database-in-use', `the database in ${folder} is in use by process ${pid}`, {
    hint: `Stop that server first (pid ${pid}), or give this one a state folder of its own.`,
  })
}

function listen(name: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.end(String(process.pid))
    })
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    )
    server.listen(name, () => resolve(server))
    server.unref()
  })
}

async function queryHolder(name: string): Promise<string> {
  const socket = connect(name)
  socket.setTimeout(2000, () => socket.destroy(new Error('no answer')))
  try {
    return (await text(socket)).trim() || 'unknown'
  } catch {
    return 'unknown'
  }
}
