import { afterAll, beforeAll, expect, test } from 'vitest'
import { HOSTILE_CASES } from './cases/index.ts'
import { type Holdings, SmallMachine } from './machine.ts'
import { Neighbour } from './neighbour.ts'
import { Suite } from './suite.ts'

/** `HOSTILE='bomb|flood' npm run test:hostile`: the cases of such names alone; `HOSTILE=fast`, as `npm test` does: one of each kind. Default: all. */
const { HOSTILE = '' } = process.env
const CASES = Object.fromEntries(
  Object.entries(HOSTILE_CASES).filter(([name, { fast }]) =>
    HOSTILE === 'fast' ? fast !== undefined : new RegExp(HOSTILE).test(name),
  ),
)
const MINUTE = 60_000
const MIB = 1024 ** 2
/** On a machine with two processors and some hundred programs that want them. */
const LONGEST_SILENCE_MS = MINUTE
/** What runs keep in their folders: reports, pictures, logs. */
const KEPT_BYTES = 400 * MIB
/** The engine itself grows by what it has seen. */
const GROWN_BYTES = 300 * MIB
const GROWN_PROCESSES = 100

let machine: SmallMachine
let neighbour: Neighbour
let before: Holdings
let suite: Suite

beforeAll(async () => {
  machine = await SmallMachine.start()
  ;[neighbour] = await Promise.all([Neighbour.moveIn(machine), machine.withSandbox()])
  before = await machine.holdings()
  suite = new Suite(machine, CASES)
}, 30 * MINUTE)

afterAll(async () => {
  neighbour?.moveOut()
  await machine?.stop()
}, 2 * MINUTE)

test.each(Object.keys(CASES))('%s', async (name) => {
  const run = await suite.caseRun(name)
  expect(run?.faults).toEqual([])
})

test('healthy runs beside them are as ever', async () => {
  await suite.ended
  expect(suite.healthy.map(({ cameTo }) => cameTo)).toEqual(suite.healthy.map(() => 'pass, level 6'))
  for (const name of Object.keys(CASES)) {
    const run = await suite.caseRun(name)
    const beside = suite.healthy.some(
      ({ startedAt, endedAt }) => run && startedAt < run.endedAt && endedAt > run.startedAt,
    )
    expect(beside, `${name} had a healthy run beside it`).toBe(true)
  }
})

test('an app beside them answers all the time, and nobody else does in its place', async () => {
  await suite.ended
  const until = Date.now()
  expect(neighbour.strange).toEqual([])
  expect(neighbour.good.length).toBeGreaterThan(10)
  expect(neighbour.longestSilence(until), `${neighbour.missed} looks missed`).toBeLessThan(LONGEST_SILENCE_MS)
})

test('nothing is left: no thing, no process, no memory, no disk', async () => {
  await suite.ended
  const after = await machine.holdings()
  expect(after.things).toEqual(before.things)
  expect(after.processes).toBeLessThan(before.processes + GROWN_PROCESSES)
  expect(after.memoryBytes).toBeLessThan(before.memoryBytes + GROWN_BYTES)
  expect(after.diskBytes).toBeLessThan(before.diskBytes + KEPT_BYTES)
})
