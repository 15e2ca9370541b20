import { createServer } from 'node:net'
import type { Disturbance } from '../canary.ts'

/** Below the range from which the kernel gives ports away by itself. */
export const HELD_PORT = 18_972

/** Somebody else on the machine listens on a port that the app publishes. */
export const heldPort: Disturbance = {
  what: `a program of the machine listens on port ${HELD_PORT}`,
  async prepare({ cleanup }) {
    const server = createServer((socket) => socket.destroy())
    cleanup.register('the held port', () => new Promise((resolve) => server.close(() => resolve())))
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve() : reject(error)))
      server.listen(HELD_PORT, '0.0.0.0', resolve)
    })
  },
}
