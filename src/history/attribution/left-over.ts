import { rm } from 'node:fs/promises'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError } from '../../lib/errors.ts'
import { exec } from '../../lib/process/exec.ts'
import { isAbandoned, readRecord, runFolder } from '../../lifecycle/run-folder.ts'
import { launcherOf, type ToolBuild, toolEnv } from './tool-build.ts'

/** A run that has lost its supervisor takes down what it made; this is far more than it may need. */
const END_DEADLINE_MS = 10 * 60_000

/**
 * Clears up after the run that continued when an attribution was killed: it is let end, and what is left of it is taken down by the build that made it. Throws
 * InfraError `run-left-behind`.
 */
export async function clearLeftOver(build: ToolBuild, run: string, signal: AbortSignal): Promise<void> {
  const folder = runFolder(build.state, run)
  const ended = await waitFor<true, never>(
    async () => {
      const record = readRecord(folder)
      const lives = record?.status === 'running' && !isAbandoned(record, folder)
      return lives ? { state: 'waiting', reason: 'it still takes down what it made' } : { state: 'ready', value: true }
    },
    { name: 'the run of a killed attribution to end', timeoutMs: END_DEADLINE_MS, signal },
  )
  if (ended.state === 'ready' && !readRecord(folder)) return rm(folder.dir, { recursive: true, force: true })
  if (ended.state === 'ready' && readRecord(folder)?.status === 'ended') return
  const args = ['gc', '--state', build.state]
  const gc = await exec(launcherOf(build), args, { timeoutMs: END_DEADLINE_MS, env: toolEnv(build), signal })
  if (gc.exitCode === 0 && readRecord(folder)?.status !== 'running') return
  throw new InfraError(
    'run-left-behind',
    `run ${run} was killed, and what it made cannot be removed: ${gc.stderr.trim() || gc.stdout.trim()}`,
    {
      hint: `Remove it with: ${launcherOf(build)} gc --state ${build.state}`,
    },
  )
}
