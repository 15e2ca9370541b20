import { expect, test } from 'vitest'
import type { SeenTask, Snapshot } from '../../src/engine/convergence/snapshot.ts'
import type { ServiceState } from '../../src/engine/types.ts'
import { unmeantEnds } from '../../src/lifecycle/unmeant-ends.ts'
import type { RunEvent } from '../../src/verdict/events.ts'

const at = (second: number) => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000Z`
const SERVICE = { id: 'app', service: 'app', unplacedHash: 'new', mode: 'replicated', restartCondition: 'any' }
/** Deployed and up at 10, tier over at 14, backed up from 20 to 24, restored from 30, up again at 36, killed from 50 to 54, deployed again. */
const EVENTS = [
  { type: 'check', tier: 'install', name: 'every service converged', outcome: 'pass', at: at(10) },
  { type: 'tier.ended', tier: 'install', at: at(14) },
  { type: 'operation.started', tier: 'backup', operation: 'back up', at: at(20) },
  { type: 'operation.ended', tier: 'backup', operation: 'back up', ms: 4000, at: at(24) },
  { type: 'operation.started', tier: 'restore', operation: 'restore', at: at(30) },
  { type: 'check', tier: 'restore', name: 'every service converged', outcome: 'pass', at: at(36) },
  { type: 'operation.started', tier: 'resilience', operation: 'kill db', at: at(50) },
  { type: 'operation.ended', tier: 'resilience', operation: 'kill db', ms: 4000, at: at(54) },
  { type: 'operation.started', tier: 'resilience', operation: 'deploy a1b2c3d4 again', at: at(56) },
  { type: 'operation.ended', tier: 'resilience', operation: 'deploy a1b2c3d4 again', ms: 2000, at: at(58) },
].map((event, seq) => ({ seq, ...event }) as RunEvent)

function judged(
  seconds: readonly number[],
  more: { hooked?: boolean; task?: Partial<SeenTask>; service?: object } = {},
) {
  const tasks = seconds.map((second) => {
    const own = {
      id: `t${second}`,
      serviceId: 'app',
      unplacedHash: 'new',
      state: 'failed',
      exitCode: 9,
      since: at(second),
    }
    return { ...own, ...more.task } as SeenTask
  })
  const service = {
    ...SERVICE,
    labels: {},
    ports: [],
    hasHealthcheck: false,
    ...more.service,
  } as unknown as ServiceState
  const snapshot: Snapshot = { services: [service], tasks, containers: new Map(), expected: new Map(), at: 0, waitedMs: 0 }
  return unmeantEnds(snapshot, EVENTS, more.hooked === true).map(({ decisive }) => decisive)
}

test.each([
  ['before it was up: convergence decides that', [5, 8], []],
  ['once while the tier that deployed was going on', [12], [false]],
  ['twice', [11, 13], [true]],
  ['once later on', [17], [true]],
  ['within a backup without hooks', [22], [true]],
  ['while it was restored', [33], []],
  ['after it had come back from the restore', [40], [true]],
  ['while a killed container was replaced', [51, 52, 53], []],
  ['once after a kill, for want of what was killed', [55], [false]],
  ['once while the same commit was deployed again', [57], [false]],
  ['twice after a kill', [55, 59], [true]],
])('ended %s', (_, seconds, decisive) => {
  expect(judged(seconds)).toEqual(decisive)
})

test('what ends while hooks run may be meant', () => {
  expect(judged([22], { hooked: true })).toEqual([])
})

test('tasks of an older spec, orderly ends and finished one-shots are not counted', () => {
  expect(judged([17], { task: { unplacedHash: 'old' } })).toEqual([])
  expect(judged([17], { task: { state: 'shutdown' } })).toEqual([])
  expect(judged([17], { task: { state: 'complete', exitCode: 0 }, service: { restartCondition: 'none' } })).toEqual([])
  expect(judged([17], { task: { state: 'complete', exitCode: 0 } })).toEqual([true])
})
