import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { newRunId } from '../../../src/lib/ids.ts'
import { reserveRun, setStatus } from '../../../src/lifecycle/run-folder.ts'
import {
  FOLDER_LIMITS,
  type FolderLimits,
  pruneRunFolders,
  recordDelivery,
} from '../../../src/server/worker/workspace.ts'

const DAY_MS = 24 * 3_600_000
const NOW = Date.parse('2026-11-01T00:00:00Z')

function stage() {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-kept-'))
  onTestFinished(() => rmSync(state, { recursive: true, force: true }))
  return {
    state,
    /** A run that has ended so many days ago. */
    async run(days: number, { delivered = true, bytes = 10, ended = true } = {}) {
      const at = NOW - days * DAY_MS
      const id = newRunId(at)
      await recordDelivery(state, id, delivered, at)
      const folder = reserveRun(state, id, new Date(at).toISOString())
      writeFileSync(join(folder.logs, 'app.log'), Buffer.alloc(bytes))
      if (ended) setStatus(folder, 'ended')
      return id
    },
    async prune(limits: Partial<FolderLimits>, busy: readonly string[] = []) {
      await pruneRunFolders(state, { limits: { ...FOLDER_LIMITS, ...limits }, busy: new Set(busy), now: NOW })
      return readdirSync(join(state, 'runs')).sort().reverse()
    },
  }
}

test('folders that the server has go by number, age and size, oldest first', async () => {
  const { run, prune } = stage()
  const [one, two, three, four] = [await run(0), await run(1, { bytes: 5000 }), await run(2), await run(20)]
  expect(await prune({ count: 9, ageMs: 30 * DAY_MS })).toEqual([one, two, three, four])
  expect(await prune({ ageMs: 10 * DAY_MS })).toEqual([one, two, three])
  expect(await prune({ bytes: 4000 })).toEqual([one])
  expect(await prune({ count: 0 })).toEqual([])
})

test('what the server lacks, what continues and what is no worker’s stays', async () => {
  const { state, run, prune } = stage()
  const [busy, lost, running] = [await run(1), await run(2, { delivered: false }), await run(3, { ended: false })]
  const own = newRunId(NOW - 4 * DAY_MS)
  mkdirSync(join(state, 'runs', own))
  const lostLongAgo = await run(40, { delivered: false })
  expect(readdirSync(join(state, 'runs'))).toContain(lostLongAgo)
  expect(await prune({ count: 0, bytes: 0, ageMs: 0 }, [busy])).toEqual([busy, lost, running, own])
})
