import { readFileSync } from 'node:fs'
import { engineHost } from '../engine/endpoint.ts'
import { withMachineLock } from '../lib/process/machine-lock.ts'
import { ownEngineRuns, startEngine, stopEngine } from './engine-part.ts'
import { readMachineRecord } from './records.ts'

/** Where Debian's dockerd listens and notes its process, as `engine up` starts it. */
const OWN_HOSTS = ['unix:///var/run/docker.sock', 'unix:///run/docker.sock']
const PID_FILE = '/var/run/docker.pid'

/** Why the engine that is used here must not be restarted: cc-ci did not start it. Null: it did. */
export function engineIsForeign(state: string): string | null {
  if (!OWN_HOSTS.includes(engineHost())) return `the engine at ${engineHost()} was not started by cc-ci`
  if (!ownEngineRuns(state)) return 'the engine was not started by `cc-ci engine up` with this state folder'
  return readPid() === readMachineRecord(state, 'engine')?.pid ? null : 'another engine than the one of cc-ci answers'
}

/** Ends the engine that cc-ci started, in order, and starts it again. Resolves when it answers; the Swarm may need longer. */
export function restartEngine(state: string, log: (line: string) => void): Promise<void> {
  return withMachineLock(log, async () => {
    await stopEngine(state)
    await startEngine({ state, log })
  })
}

function readPid(): number | null {
  try {
    return Number(readFileSync(PID_FILE, 'utf8').trim())
  } catch {
    // No engine noted its process there: then it is not the one that cc-ci starts.
    return null
  }
}
