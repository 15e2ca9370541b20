import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { execOk } from '../../../src/lib/process/exec.ts'
import { type OpenStore, openStore } from '../../../src/server/storage/open.ts'
import { claimed, commentOf, FakeClock, outcomeOf, request } from './bench.ts'

const MIB = 1024 ** 2
let state: string
let store: OpenStore | null

beforeEach(async () => {
  store = null
  state = await mkdtemp(join(tmpdir(), 'cc-ci-full-'))
  await execOk('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'cc-ci-full', state], { timeoutMs: 10_000 })
})
afterEach(async () => {
  await store?.close()
  await execOk('umount', [state], { timeoutMs: 10_000 })
  await rm(state, { recursive: true })
})

const open = () => openStore({ state, databaseUrl: null, clock: new FakeClock() })
const filler = () => join(state, 'filler')

/** Leaves `bytes` free. */
async function fill(bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(state)
  await writeFile(filler(), Buffer.alloc(bavail * bsize - bytes))
}

test('a decision, a claim and an end that find no room are as if they had not been, and succeed when there is room', async () => {
  store = await open()
  const [before, lost] = [request({ pullNumber: 1 }), request({ pullNumber: 2 })]
  await store.decide(commentOf(before), before)
  await fill(0)
  await expect(store.decide(commentOf(lost), lost)).rejects.toMatchObject({ code: 'disk-full' })
  await expect(claimed(store)).rejects.toMatchObject({ code: 'disk-full' })
  expect(await store.decided('Org/recipe', lost.pull?.comment ?? 0)).toBeNull()
  expect(await store.run(before.id)).toMatchObject({ state: 'queued', attempt: 0 })
  await rm(filler())
  const claim = await claimed(store)
  await fill(0)
  await expect(store.finish(claim.lease, outcomeOf(claim))).rejects.toMatchObject({ code: 'disk-full' })
  expect(await store.holds(claim.lease)).toBe(true)
  await rm(filler())
  expect(await store.finish(claim.lease, outcomeOf(claim))).toBe(true)
  expect(await store.decide(commentOf(lost), lost)).toMatchObject({ first: true })
  await store.close()
  await rm(join(state, 'server', 'database'), { recursive: true })
  store = await open()
  expect(store.damaged).toEqual([])
  expect(await store.counts()).toMatchObject({ done: 1, queued: 1 })
})

test('a database that finds no room says so; what it has promised is there when there is room', async () => {
  store = await open()
  await fill(4 * MIB)
  let kept = 0
  const want = (pull: number) =>
    store?.setDesired({ kind: 'comment', repository: 'Org/a', pull, body: randomBytes(200_000).toString('base64') })
  const grow = async () => {
    for (; kept < 200; kept += 1) await want(kept)
  }
  await expect(grow()).rejects.toMatchObject({ code: expect.stringMatching(/^(disk-full|database-gone)$/) })
  expect(kept).toBeGreaterThan(0)
  await expect(grow()).rejects.toMatchObject({ code: 'disk-full' })
  await rm(filler())
  expect(await store.countPending()).toBe(kept)
  await want(kept)
  expect(await store.countPending()).toBe(kept + 1)
  await store.close()
  store = await open()
  expect(await store.countPending()).toBe(kept + 1)
  expect((await readdir(join(state, 'server'))).filter((name) => name.includes('damaged'))).toEqual([])
})

test('a new server without room does not start, says why, and starts when there is room', async () => {
  await fill(20 * MIB)
  await expect(open()).rejects.toMatchObject({ code: 'disk-full', hint: expect.stringContaining('free') })
  await rm(filler())
  store = await open()
  await store.ping()
  expect(await readdir(join(state, 'server'))).toEqual(['database'])
})
