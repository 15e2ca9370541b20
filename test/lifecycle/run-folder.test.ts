import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ownIdentity } from '../../src/lib/process/process-identity.ts'
import { abandonedRuns } from '../../src/lifecycle/gc.ts'
import {
  announceApp,
  discardRun,
  isAbandoned,
  listRuns,
  type RunRecord,
  readRecord,
  removeTmp,
  reserveRun,
  runFolder,
  setStatus,
  writeRecord,
} from '../../src/lifecycle/run-folder.ts'
import { folder } from '../recipe/throwaway.ts'

const ID = '20261123-191254-k3f9qa'
const APP = { recipe: 'web', commit: 'a'.repeat(40), stack: 'web-k3f9qa_ci_test', domain: 'web-k3f9qa.ci.test' }
const DEAD = { ...ownIdentity(), bootId: 'another-boot' }

function record(id: string, more: Partial<RunRecord> = {}): RunRecord {
  const startedAt = '2026-11-23T19:12:54.000Z'
  return { schema: 1, id, startedAt, app: APP, process: DEAD, status: 'running', ...more }
}

function put(stateDir: string, id: string, more?: Partial<RunRecord>): void {
  const folder = runFolder(stateDir, id)
  mkdirSync(folder.dir, { recursive: true })
  writeRecord(folder, record(id, more))
}

describe('run.json', () => {
  test('says whose the folder is before an app is named, and what to take down after', async () => {
    const state = await folder({})
    const run = reserveRun(state, ID, '2026-11-23T19:12:54.000Z')
    expect(readRecord(run)).toEqual(record(ID, { app: null, process: ownIdentity() }))
    expect(statSync(run.logs).mode & 0o777).toBe(0o700)
    announceApp(run, APP)
    setStatus(run, 'kept')
    expect(readRecord(run)).toEqual(record(ID, { process: ownIdentity(), status: 'kept' }))
    expect(readdirSync(run.dir).filter((name) => name.includes('run.json'))).toEqual(['run.json'])
    removeTmp(run)
    removeTmp(run)
    expect([existsSync(run.tmp), existsSync(run.logs)]).toEqual([false, true])
  })

  test.each([
    ['nothing', ''],
    ['half a record', JSON.stringify(record(ID)).slice(0, 80)],
    ['another format', JSON.stringify({ ...record(ID), schema: 2 })],
    ['an id that leads elsewhere', JSON.stringify(record('../../etc'))],
    ['no process', JSON.stringify({ ...record(ID), process: undefined })],
    ['a status that is none', JSON.stringify({ ...record(ID), status: 'done' })],
  ])('%s is no record, and nobody writes over it', async (_, text) => {
    const state = await folder({ [`runs/${ID}/run.json`]: text })
    const run = runFolder(state, ID)
    expect(readRecord(run)).toBeNull()
    announceApp(run, APP)
    setStatus(run, 'ended')
    expect(readFileSync(join(run.dir, 'run.json'), 'utf8')).toBe(text)
    expect(abandonedRuns(state)).toEqual([])
  })
})

test('runs are listed newest first; other names in the folder are none', async () => {
  const state = await folder({})
  expect(listRuns(state)).toEqual([])
  for (const name of ['20261123-191254-k3f9qa', '20261124-000000-aaaaaa', 'x', '20261123-191254-k3f9qa.old']) {
    mkdirSync(join(state, 'runs', name), { recursive: true })
  }
  writeFileSync(join(state, 'runs', 'lock'), '')
  expect(listRuns(state)).toEqual(['20261124-000000-aaaaaa', '20261123-191254-k3f9qa'])
})

describe('a folder that a server made', () => {
  test('takes one run, and keeps what is the server’s', async () => {
    const state = await folder({ [`runs/${ID}/request.json`]: '{}', [`runs/${ID}/claimed.json`]: '{}' })
    const run = reserveRun(state, ID, '2026-11-23T19:12:54.000Z')
    expect(() => reserveRun(state, ID, '2026-11-23T19:12:54.000Z')).toThrow(/has begun already/)
    discardRun(run)
    expect(readdirSync(run.dir).sort()).toEqual(['claimed.json', 'request.json'])
    reserveRun(state, ID, '2026-11-23T19:12:54.000Z')
  })

  test('is no other: the folder of a run of its own goes whole', async () => {
    const run = reserveRun(await folder({}), ID, '2026-11-23T19:12:54.000Z')
    discardRun(run)
    expect(existsSync(run.dir)).toBe(false)
    discardRun(run)
  })
})

describe('what garbage collection takes', () => {
  test.each<[string, Partial<RunRecord>, boolean]>([
    ['a run whose process is dead', {}, true],
    ['one that had named no app yet', { app: null }, true],
    ['one whose process runs', { process: ownIdentity() }, false],
    ['one whose pid is somebody else now', { process: { ...ownIdentity(), startTicks: '1' } }, true],
    ['one that was kept', { status: 'kept' }, false],
    ['one that has ended', { status: 'ended' }, false],
  ])('%s: %o → %s', async (_, more, taken) => {
    const state = await folder({})
    put(state, ID, more)
    expect(abandonedRuns(state).map(({ id }) => id)).toEqual(taken ? [ID] : [])
    expect(isAbandoned(record(ID, more), runFolder(state, ID))).toBe(taken)
  })

  test('a kept run only when it is named; naming frees no run that is alive or has ended', async () => {
    const state = await folder({})
    const ids = ['aaaaaa', 'bbbbbb', 'cccccc', 'dddddd'].map((end) => `20261123-191254-${end}`)
    const [kept = '', other = '', alive = '', ended = ''] = ids
    put(state, kept, { status: 'kept' })
    put(state, other, { status: 'kept', process: ownIdentity() })
    put(state, alive, { process: ownIdentity() })
    put(state, ended, { status: 'ended' })
    expect(abandonedRuns(state, [kept, alive, ended]).map(({ id }) => id)).toEqual([kept])
    expect(abandonedRuns(state, [other]).map(({ id }) => id)).toEqual([other])
  })

  test.each<[string, Partial<RunRecord>, boolean]>([
    ['while the run that resumed it lives', { process: ownIdentity() }, false],
    ['while the app of that one is kept', { status: 'kept' }, false],
    ['once that one is dead too', {}, true],
    ['once that one has ended', { status: 'ended' }, true],
    ['beside another app', { process: ownIdentity(), app: { ...APP, stack: 'another_ci_test' } }, true],
  ])('a dead run whose app another has taken up, %s: %o → %s', async (_, more, taken) => {
    const state = await folder({})
    const [first, second] = ['20261123-191254-aaaaaa', '20261123-191254-bbbbbb']
    put(state, first, { app: APP })
    put(state, second, { app: APP, ...more })
    expect(abandonedRuns(state).some(({ id }) => id === first)).toBe(taken)
  })
})
