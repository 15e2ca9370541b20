import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { randomId } from '../../src/lib/ids.ts'
import { startDaemon } from '../../src/lib/process/daemon.ts'
import { withMachineLock } from '../../src/lib/process/machine-lock.ts'
import { ownEngineRuns, startOf, stopEngine } from '../../src/machine/engine-part.ts'
import { dropRecord, machineFolder, readMachineRecord, writeMachineRecord } from '../../src/machine/records.ts'
import { stateDir } from '../../src/machine/state-dir.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'cc-ci-machine-'))
})
afterEach(() => {
  rmSync(state, { recursive: true })
  vi.unstubAllEnvs()
})

describe('the state folder', () => {
  test.each([
    ['/flag', '/env', '/xdg', '/flag'],
    [undefined, '/env', '/xdg', '/env'],
    [undefined, '', '/xdg', '/xdg/cc-ci'],
    [undefined, '', '', join(homedir(), '.local/state/cc-ci')],
  ])('flag %j, CC_CI_STATE %j, XDG_STATE_HOME %j: %s', (flag, own, xdg, wanted) => {
    vi.stubEnv('CC_CI_STATE', own)
    vi.stubEnv('XDG_STATE_HOME', xdg)
    expect(stateDir(flag)).toBe(wanted)
  })
})

describe('records of what cc-ci made', () => {
  test('are read back, and forgotten', () => {
    writeMachineRecord(state, 'swarm', { nodeId: 'abc' })
    expect(readMachineRecord(state, 'swarm')).toEqual({ nodeId: 'abc' })
    dropRecord(state, 'swarm')
    expect(readMachineRecord(state, 'swarm')).toBeNull()
  })

  test.each(['', '{"nodeId":', '{"nodeId":7}', 'null'])(
    'that cannot be understood (%j) count as none: nothing is removed for them',
    (text) => {
      writeFileSync(join(machineFolder(state), 'swarm.json'), text)
      expect(readMachineRecord(state, 'swarm')).toBeNull()
    },
  )

  test('the engine that they name is stopped', async () => {
    const pid = await startDaemon('sleep', ['60'], {
      logFile: join(state, 'log'),
      env: { PATH: process.env.PATH ?? '' },
    })
    writeMachineRecord(state, 'engine', { pid, startedAt: startOf(pid) ?? '' })
    expect(ownEngineRuns(state)).toBe(true)
    expect(await stopEngine(state)).toBe(true)
    expect(startOf(pid)).toBeNull()
    expect(await stopEngine(state)).toBe(false)
  })

  test('a process that took over the id of our engine is left alone', async () => {
    writeMachineRecord(state, 'engine', { pid: process.pid, startedAt: '1' })
    expect(ownEngineRuns(state)).toBe(false)
    expect(await stopEngine(state)).toBe(true)
    expect(readMachineRecord(state, 'engine')).toBeNull()
  })
})

describe('the machine lock', () => {
  test('lets one in at a time, also after a failure', async () => {
    const name = `cc-ci-test-${randomId(8)}`
    let inside = 0
    let most = 0
    const enter = async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
      throw new Error('ended badly')
    }
    const ends = await Promise.allSettled([1, 2, 3].map(() => withMachineLock(() => {}, enter, name)))
    expect(ends.map((end) => end.status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(most).toBe(1)
  })
})
