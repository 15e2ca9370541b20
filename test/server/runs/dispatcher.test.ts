import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import type { Assignment, Dispatch, FinishBody } from '../../../src/server/contract/protocol.ts'
import { largestWorker } from '../../../src/server/runs/worker-registry.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { HEADER, passingDrafts, stamped } from '../../verdict/passing-stream.ts'
import { GIB, type Office, ORIGIN, openOffice } from './dispatcher-bench.ts'

const never = new AbortController().signal
const CLAIM = { memoryBytes: 2 * GIB, freeBytes: 2 * GIB, harness: '1.0', waitMs: 0 }
const END: FinishBody = { exitCode: 0, ended: 'itself', words: '', teardown: 'clean' }
let dir = ''
let source = ''

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-dispatch-'))
  source = join(dir, 'source')
  mkdirSync(source)
  const who = ['-c', 'user.name=A Stranger', '-c', 'user.email=stranger@example.org']
  const git = (...args: string[]) =>
    execOk('git', [...who, ...args], { cwd: source, timeoutMs: 30_000, env: inheritedEnv() })
  await git('init', '-q', '-b', 'main')
  await git('commit', '-q', '--allow-empty', '-m', 'x')
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

async function claimed(office: Office, dispatch: Dispatch): Promise<Assignment> {
  const held = await dispatch.claim(CLAIM, never)
  if (!held) throw new Error('nothing to do')
  expect(await office.dispatch.heldBy({ run: held.request.id, attempt: held.attempt, token: held.token })).toEqual(held)
  return held
}

function writeResults({ state }: Office, { folder }: Assignment): void {
  const results = fold(stamped(passingDrafts({}, { run: { ...HEADER.run, id: folder } })))
  writeFileSync(join(state, 'runs', folder, 'results.json'), JSON.stringify(results))
}

describe('the server’s side of a run', () => {
  it('gives it with all that a worker needs, and tells the forge', async () => {
    await using office = await openOffice(source)
    const request = await office.ask()
    const held = await claimed(office, office.dispatch.remote('one'))
    expect(held).toMatchObject({ request, attempt: 1, folder: request.id, origin: `${ORIGIN}/coop-cloud/healthy` })
    expect(office.reported).toEqual(['running'])
    await office.dispatch.remote('one').source(held, join(office.dir, 'bundle'), never)
    const heads = await execOk('git', ['bundle', 'list-heads', join(office.dir, 'bundle')], { timeoutMs: 30_000 })
    expect(heads.stdout).toContain(`${request.commit} refs/cc-ci/head`)
  })

  it('waits for something to do, as long as it may', async () => {
    await using office = await openOffice(source)
    const dispatch = office.dispatch.embedded('one')
    expect(await dispatch.claim(CLAIM, never)).toBeNull()
    const waiting = dispatch.claim({ ...CLAIM, waitMs: 20_000 }, never)
    const { id } = await office.ask()
    expect((await waiting)?.request.id).toBe(id)
    const leave = new AbortController()
    const left = dispatch.claim({ ...CLAIM, waitMs: 20_000 }, leave.signal)
    leave.abort()
    expect(await left).toBeNull()
  })

  it('waits on, with nothing lost, where it cannot be handed over', async () => {
    let broken = true
    const approvedIn = () => {
      if (broken) throw new Error('the approvals cannot be read')
      return { approvedCommits: [], approvedTrees: [] }
    }
    await using office = await openOffice(source, { approvedIn })
    const { id } = await office.ask()
    const dispatch = office.dispatch.embedded('one')
    for (let at = 0; at < 4; at++) await expect(dispatch.claim(CLAIM, never)).rejects.toThrow('approvals')
    expect(await office.row(id)).toMatchObject({ state: 'queued', attempt: 0 })
    broken = false
    expect(await claimed(office, dispatch)).toMatchObject({ attempt: 1, request: { id } })
  })

  it('counts the largest worker of late', async () => {
    await using office = await openOffice(source)
    expect(await largestWorker(office.store, systemClock)).toBeNull()
    const seen = (worker: string, memoryBytes: number, ago: number) =>
      office.store.seenWorker({ worker, memoryBytes, freeBytes: 0, harness: '1' }, Date.now() - ago)
    await seen('gone', 9 * GIB, 3_700_000)
    await seen('small', GIB, 0)
    await seen('large', 2 * GIB, 60_000)
    expect(await largestWorker(office.store, systemClock)).toBe(2 * GIB)
  })

  it('is not given to a worker with a trouble, which is told to people', async () => {
    await using office = await openOffice(source)
    await office.ask()
    const dispatch = office.dispatch.remote('one')
    expect(await dispatch.claim({ ...CLAIM, trouble: 'no disk' }, never)).toBeNull()
    expect(await office.store.workers()).toMatchObject([{ name: 'one', unavailableReason: 'no disk' }])
    await claimed(office, dispatch)
    expect(await office.store.workers()).toMatchObject([{ name: 'one', unavailableReason: null }])
  })

  it('takes its end once, and hears it again in peace', async () => {
    await using office = await openOffice(source)
    const { id } = await office.ask()
    const dispatch = office.dispatch.embedded('one')
    const held = await claimed(office, dispatch)
    writeResults(office, held)
    await dispatch.finish(held, END)
    await dispatch.finish(held, { ...END, ended: 'cancelled' })
    expect((await office.row(id)).outcome).toMatchObject({ state: 'done', verdict: 'pass' })
    expect(office.reported).toEqual(['running', 'done'])
    await expect(dispatch.renew(held)).rejects.toMatchObject({ code: 'fenced' })
    await expect(dispatch.release(held)).rejects.toMatchObject({ code: 'fenced' })
  })

  it('learns of a cancelled run’s teardown after its end', async () => {
    await using office = await openOffice(source)
    const { id } = await office.ask()
    const dispatch = office.dispatch.embedded('one')
    const held = await claimed(office, dispatch)
    await office.store.cancel(id, 'enough', Date.now())
    expect(await dispatch.renew(held)).toMatchObject({ cancel: 'enough' })
    await dispatch.finish(held, { ...END, ended: 'cancelled', teardown: 'unknown' })
    await dispatch.teardown(held, { teardown: 'clean' })
    await dispatch.teardown(held, { teardown: 'clean' })
    expect((await office.row(id)).outcome).toMatchObject({ state: 'cancelled', message: 'enough', teardown: 'clean' })
  })

  it('takes the files of a cancelled run until it knows of the teardown', async () => {
    await using office = await openOffice(source)
    const { id } = await office.ask()
    const dispatch = office.dispatch.remote('one')
    const held = await claimed(office, dispatch)
    await office.store.cancel(id, 'enough', Date.now())
    await dispatch.finish(held, { ...END, ended: 'cancelled', teardown: 'unknown' })
    expect(await dispatch.put(held, 'results.json', 0, Buffer.from('{}'))).toEqual({ size: 2 })
    const other = { ...held, token: 'f'.repeat(32) }
    await expect(dispatch.put(other, 'results.json', 2, Buffer.from('x'))).rejects.toMatchObject({ code: 'fenced' })
    await dispatch.teardown(held, { teardown: 'clean' })
    await expect(dispatch.put(held, 'results.json', 2, Buffer.from('x'))).rejects.toMatchObject({ code: 'fenced' })
    expect(await office.row(id)).toMatchObject({ state: 'cancelled' })
  })

  it('is queued again when it is given back, with an empty folder', async () => {
    await using office = await openOffice(source)
    const { id } = await office.ask()
    const dispatch = office.dispatch.remote('one')
    const held = await claimed(office, dispatch)
    await dispatch.put(held, 'events.ndjson', 0, Buffer.from('x'))
    await dispatch.release(held)
    expect(readdirSync(join(office.state, 'runs', id))).toEqual(['request.json'])
    const again = await claimed(office, dispatch)
    expect(again.attempt).toBe(1)
    expect(await dispatch.put(again, 'events.ndjson', 0, Buffer.from('y'))).toEqual({ size: 1 })
  })

  it('refuses every call of an attempt that has lost it', async () => {
    await using office = await openOffice(source, { leaseMs: 300 })
    const { id } = await office.ask()
    const dispatch = office.dispatch.remote('one')
    const first = await claimed(office, dispatch)
    let second: Assignment | null = null
    while (!second) second = await dispatch.claim({ ...CLAIM, waitMs: 1000 }, never)
    expect(second).toMatchObject({ attempt: 2, request: { id } })
    expect(second.folder).not.toBe(first.folder)
    const calls: Record<string, () => Promise<unknown>> = {
      renew: () => dispatch.renew(first),
      source: () => dispatch.source(first, join(office.dir, 'stolen'), never),
      put: () => dispatch.put(first, 'run.json', 0, Buffer.from('x')),
      finish: () => dispatch.finish(first, END),
      teardown: () => dispatch.teardown(first, { teardown: 'clean' }),
      release: () => dispatch.release(first),
      heldBy: () => office.dispatch.heldBy({ run: id, attempt: 1, token: first.token }),
      'another token': () => dispatch.renew({ ...(second as Assignment), token: '0'.repeat(32) }),
    }
    for (const [name, call] of Object.entries(calls)) {
      await expect(call(), name).rejects.toMatchObject({ code: 'fenced' })
    }
    expect(existsSync(join(office.dir, 'stolen'))).toBe(false)
    expect(readdirSync(join(office.state, 'runs', first.folder))).not.toContain('run.json')
    expect(office.reported).toContain('queued')
  })

  it('keeps a file’s bytes as they came', async () => {
    await using office = await openOffice(source)
    await office.ask()
    const dispatch = office.dispatch.remote('one')
    const held = await claimed(office, dispatch)
    await dispatch.put(held, 'logs/app.log', 0, Buffer.from('one '))
    await dispatch.put(held, 'logs/app.log', 4, Buffer.from('two'))
    expect(readFileSync(join(office.state, 'runs', held.folder, 'logs/app.log'), 'utf8')).toBe('one two')
  })
})
