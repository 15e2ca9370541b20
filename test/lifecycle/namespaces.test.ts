import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { execOk } from '../../src/lib/process/exec.ts'
import { abandonedRuns } from '../../src/lifecycle/gc.ts'
import { isAbandoned, type RunRecord, readRecord, runFolder } from '../../src/lifecycle/run-folder.ts'
import { folder } from '../recipe/throwaway.ts'

const ID = '20261123-191254-k3f9qa'
const SRC = join(import.meta.dirname, '../../src')
const node = (code: string) => [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  '--input-type=module',
  '--eval',
  code,
]
const RESERVE = `
  import { reserveRun } from '${SRC}/lifecycle/run-folder.ts'
  reserveRun(process.env.STATE, '${ID}', '2026-11-23T19:12:54.000Z')
  process.stdout.write('reserved')
  setInterval(() => {}, 1000)`
const SWEPT = `
  import { abandonedRuns } from '${SRC}/lifecycle/gc.ts'
  process.stdout.write(JSON.stringify(abandonedRuns(process.env.STATE).map(({ id }) => id)))`

/** Two views of one machine: with a /proc of the namespace, as in a container, and with somebody else's. */
const ELSEWHERE = {
  'the same pid namespace': [],
  'a pid namespace with its own /proc': ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
  'a pid namespace with the /proc of another': ['unshare', '--pid', '--fork', '--kill-child'],
}
type Place = keyof typeof ELSEWHERE
const PLACES = Object.keys(ELSEWHERE) as Place[]

async function reserved(state: string, place: Place): Promise<ChildProcess> {
  const [file = '', ...args] = [...ELSEWHERE[place], ...node(RESERVE)]
  const child = spawn(file, args, { env: { ...process.env, STATE: state }, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout ?? child, 'data')
  return child
}

function recordOf(state: string): RunRecord {
  const record = readRecord(runFolder(state, ID))
  if (record === null) throw new Error('no record')
  return record
}

async function sweptFrom(state: string, place: Place): Promise<string[]> {
  const [file = '', ...args] = [...ELSEWHERE[place], ...node(SWEPT)]
  const { stdout } = await execOk(file, args, {
    timeoutMs: 30_000,
    env: { ...process.env, STATE: state } as Record<string, string>,
  })
  return JSON.parse(stdout)
}

describe.each(PLACES)('a run in %s', { timeout: 120_000 }, (place) => {
  test('is abandoned to nobody while it lives, and to everybody once it has ended', async () => {
    const state = await folder({})
    const child = await reserved(state, place)
    expect(abandonedRuns(state)).toEqual([])
    for (const from of PLACES) expect(await sweptFrom(state, from), from).toEqual([])
    child.kill('SIGKILL')
    await once(child, 'close')
    // A process closes its files, which is what `close` tells of, one by one, and is gone from the table after that (do_exit).
    await vi.waitFor(() => expect(isAbandoned(recordOf(state), runFolder(state, ID))).toBe(true), 60_000)
    for (const from of PLACES) expect(await sweptFrom(state, from), from).toEqual([ID])
  })
})

test('without a sign the process table decides, and what it does not show is left alone', async () => {
  const state = await folder({})
  const child = await reserved(state, 'a pid namespace with its own /proc')
  const record = recordOf(state)
  expect(existsSync(runFolder(state, ID).alive)).toBe(true)
  const unsigned = { alive: join(state, 'nothing') }
  expect(isAbandoned(record, unsigned)).toBe(false)
  child.kill('SIGKILL')
  await once(child, 'close')
  await vi.waitFor(() => expect(isAbandoned(record, unsigned)).toBe(true), 60_000)
})
