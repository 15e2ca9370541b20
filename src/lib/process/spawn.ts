import { type ChildProcess, spawn } from 'node:child_process'
import { debugLog } from '../debug.ts'
import { messageOf } from '../errors.ts'

const debug = debugLog('exec')

/** Node's `spawn`, for a program that `exec` does not fit (it is talked to, or outlives us), with the debug lines of `exec`. Of its options only `cwd` is shown. */
export const spawnProgram = ((file: string, args: readonly string[], options: { readonly cwd?: string }) => {
  const child: ChildProcess = spawn(file, args, options)
  if (debug.enabled) tell(child, { file, args, cwd: options.cwd })
  return child
}) as typeof spawn

function tell(child: ChildProcess, started: { file: string; args: readonly string[]; cwd?: string | undefined }): void {
  const start = performance.now()
  const took = () => ({ file: started.file, pid: child.pid, ms: Math.round(performance.now() - start) })
  debug('program started', { ...started, pid: child.pid })
  child.once('exit', (exitCode, signal) => debug('program ended', { ...took(), exitCode, signal }))
  child.once('error', (error) => debug('program failed', { ...took(), error: messageOf(error) }))
}
