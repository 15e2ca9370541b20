import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import { KnownRuns } from '../../../src/server/memory/known-runs.ts'
import { AFTER, BEFORE, keep, results } from '../../history/some-runs.ts'

test('runs are known as soon as somebody needs them, and after a moment in any case; those that are gone are not', () => {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-known-'))
  onTestFinished(() => rmSync(state, { recursive: true }))
  let now = 1_000_000
  const known = new KnownRuns(state, { now: () => now })
  const ids = (...needed: string[]) => known.including(...needed).map(({ id }) => id)
  expect(ids()).toEqual([])
  keep(state, results({ id: BEFORE }))
  // A moment may pass before a page tells of it, but not for who knows that it has ended.
  expect(ids()).toEqual([])
  expect(ids(BEFORE)).toEqual([BEFORE])
  keep(state, results({ id: AFTER }))
  now += 5_000
  expect(ids()).toEqual([AFTER, BEFORE])
  // A run that continues, and one whose results are damaged, are none.
  keep(state, results({ id: '20261122-101500-cccccc' }))
  writeFileSync(runFolder(state, '20261122-101500-cccccc').results, '{')
  now += 5_000
  expect(ids()).toEqual([AFTER, BEFORE])
  rmSync(runFolder(state, BEFORE).dir, { recursive: true })
  now += 5_000
  expect(ids()).toEqual([AFTER])
})
