import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readCells, sweepFolder, writeCell } from '../../../src/history/sweep/record.ts'
import { type CellEnd, runCells, type SweepStep } from '../../../src/history/sweep/running.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { candidate, plan } from './some-sweeps.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'cc-ci-lost-node-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const PLAN = plan([candidate('gitea', { heads: [] })])
const LOST: CellEnd = { exitCode: 3, refused: null, lostNode: 'n2' }
const PASS: CellEnd = { exitCode: 0, refused: null, lostNode: null }

/** A sweep of one cell whose runs end so, one after the other. */
async function sweep(ends: readonly CellEnd[], settled = false) {
  const folder = sweepFolder(state, PLAN.id)
  mkdirSync(folder.cells, { recursive: true })
  const runs: string[] = []
  const steps: SweepStep['step'][] = []
  const [record] = await runCells({
    ...{ folder, plan: PLAN, clock: systemClock, signal: new AbortController().signal },
    runner: {
      async run(_, run) {
        runs.push(run)
        const end = ends[runs.length - 1]
        if (!end) throw new Error('it is run once more than it may be')
        return end
      },
      settle: async () => settled,
    },
    report: ({ step }) => steps.push(step),
  })
  return { record, runs, steps, folder }
}

test('a cell that lost the node of its run gets another run, which counts', async () => {
  const { record, runs, steps } = await sweep([LOST, PASS])
  expect(runs).toHaveLength(2)
  expect(record).toMatchObject({ status: 'ended', exitCode: 0, folder: runs[1], earlier: [runs[0]] })
  expect(steps).toEqual(['planned', 'begun', 'again', 'begun', 'ended'])
})

test('once: what loses the next node too ends as it ended', async () => {
  const { record, runs } = await sweep([LOST, LOST])
  expect(record).toMatchObject({ status: 'ended', exitCode: 3, folder: runs[1], earlier: [runs[0]] })
})

test('a sweep that was killed before the other run has it made, though the results of the first are whole', async () => {
  const { record, folder } = await sweep([PASS])
  const lost = '20261130-020000-bbbbbb'
  if (!record) throw new Error('there is one cell')
  const before = { ...record, status: 'running', run: lost, earlier: [lost], folder: null, finishedAt: null } as const
  writeCell(folder, 0, before)
  const { runs } = await sweep([PASS], true)
  expect(runs).toHaveLength(1)
  expect(readCells(folder, PLAN)[0]).toMatchObject({ status: 'ended', run: runs[0] })
})
