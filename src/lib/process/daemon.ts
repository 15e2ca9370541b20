import { closeSync, openSync } from 'node:fs'
import { InfraError, messageOf } from '../errors.ts'
import { spawnProgram } from './spawn.ts'

/**
 * Starts a program that outlives us, in a session of its own, with everything it says appended to `logFile`. Gives its
 * process id. Throws InfraError `program-missing`.
 */
export async function startDaemon(
  file: string,
  args: readonly string[],
  options: { logFile: string; env: Record<string, string> },
): Promise<number> {
  const log = openSync(options.logFile, 'a', 0o600)
  try {
    const child = spawnProgram(file, args, { detached: true, stdio: ['ignore', log, log], env: options.env, cwd: '/' })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    return child.pid as number
  } catch (error) {
    throw new InfraError('program-missing', `cannot start ${file}: ${messageOf(error)}`, { cause: error })
  } finally {
    closeSync(log)
  }
}
