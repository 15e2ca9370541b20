import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startOf } from '../../src/machine/engine-part.ts'
import { writeMachineRecord } from '../../src/machine/records.ts'
import { engineIsForeign } from '../../src/machine/restart.ts'

let state: string

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'cc-ci-restart-'))
  vi.stubEnv('DOCKER_HOST', '')
})

afterEach(() => {
  rmSync(state, { recursive: true })
  vi.unstubAllEnvs()
})

test('an engine that cc-ci did not start is never restarted', () => {
  expect(engineIsForeign(state)).toMatch(/not started by `cc-ci engine up`/)
  writeMachineRecord(state, 'engine', { pid: process.pid, startedAt: '1' })
  expect(engineIsForeign(state)).toMatch(/not started by `cc-ci engine up`/)
})

test('nor is one that answers in the place of the one it started, or elsewhere', () => {
  writeMachineRecord(state, 'engine', { pid: process.pid, startedAt: startOf(process.pid) ?? '' })
  expect(engineIsForeign(state)).toMatch(/another engine/)
  vi.stubEnv('DOCKER_HOST', 'tcp://192.0.2.1:2376')
  expect(engineIsForeign(state)).toMatch(/192\.0\.2\.1/)
})
