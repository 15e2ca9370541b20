import { writeFileSync } from 'node:fs'
import { localRunner } from '../../../src/history/sweep/cell-runs.ts'
import { concludeSweep } from '../../../src/history/sweep/conclude.ts'
import { readPlan, sweepFolder } from '../../../src/history/sweep/record.ts'
import { runCells } from '../../../src/history/sweep/running.ts'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { holdLifeSign } from '../../../src/lib/process/life-sign.ts'

// Continues with a sweep until it is over or killed: `node sweeping-child.ts STATE SWEEP CHECKOUT`; CHECKOUT is the build that runs the cells.
const [, , state = '', id = '', checkout = ''] = process.argv
const folder = sweepFolder(state, id)
const plan = readPlan(folder)
holdLifeSign(folder.alive)
const runner = localRunner({ build: { commit: null, checkout, state }, folder, plan })
const { signal } = new AbortController()
await runCells({
  folder,
  plan,
  runner,
  clock: systemClock,
  signal,
  report: ({ step }) => void process.stdout.write(`${step}\n`),
})
const matrix = await concludeSweep(state, plan, systemClock.now())
writeFileSync(`${state}/matrix-made`, matrix.id)
