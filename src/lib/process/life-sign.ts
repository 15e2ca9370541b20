import { spawnSync } from 'node:child_process'
import { closeSync, constants, existsSync, openSync } from 'node:fs'

const { O_RDWR, O_WRONLY, O_NONBLOCK } = constants

/**
 * Holds a sign that this process lives, until it ends however that happens: a named pipe that it has open, which the kernel closes. It says so
 * to whoever shares the folder, in whatever namespace and with whatever /proc. Where no pipe can be made there is no sign.
 */
export function holdLifeSign(file: string): void {
  if (!existsSync(file) && spawnSync('mkfifo', ['-m', '600', file]).status !== 0) return
  // Never read and never closed. Open for both, which does not wait for the other end (fifo(7)).
  openSync(file, O_RDWR | O_NONBLOCK)
}

/** Whether the process that holds the sign lives; null where there is no sign. */
export function readLifeSign(file: string): boolean | null {
  try {
    closeSync(openSync(file, O_WRONLY | O_NONBLOCK))
    return true
  } catch (error) {
    // Nobody has the other end.
    return (error as NodeJS.ErrnoException).code === 'ENXIO' ? false : null
  }
}
