import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Engine } from '../../src/engine/client.ts'
import { tryMachineLock } from '../../src/lib/process/machine-lock.ts'
import { ownIdentity } from '../../src/lib/process/process-identity.ts'
import { abandonedRuns, collectGarbage } from '../../src/lifecycle/gc.ts'
import { runFolder, setStatus, writeRecord } from '../../src/lifecycle/run-folder.ts'
import { folder } from '../recipe/throwaway.ts'

/** Of a run that another process takes down nothing is asked of the engine. */
const ENGINE = new Proxy({} as Engine, {
  get: (_, part) => {
    throw new Error(`the engine was asked: ${String(part)}`)
  },
})

/** A dead run that another process takes down until `done` is called. */
async function heldRun(id: string) {
  const stateDir = await folder({})
  const run = runFolder(stateDir, id)
  mkdirSync(run.dir, { recursive: true })
  const app = { recipe: 'web', commit: 'a'.repeat(40), stack: 'web_ci_test', domain: 'web.ci.test' }
  const process = { ...ownIdentity(), bootId: 'another-boot' }
  writeRecord(run, { schema: 1, id, startedAt: '2026-11-23T19:12:54.000Z', app, process, status: 'running' })
  const lock = await tryMachineLock(`cc-ci-gc-${id}`)
  const done = () => {
    setStatus(run, 'ended')
    lock?.[Symbol.dispose]()
  }
  return { stateDir, done, dead: () => abandonedRuns(stateDir).map((one) => one.id) }
}

test('a run that another process takes down is left to it', async () => {
  const id = '20261123-191254-aaaaaa'
  const { stateDir, dead, done } = await heldRun(id)
  expect(await collectGarbage({ stateDir, engine: ENGINE })).toEqual([])
  expect(dead()).toEqual([id])
  done()
})

test('whoever waits for it is done when the run is gone, and not before', async () => {
  const { stateDir, dead, done } = await heldRun('20261123-191254-bbbbbb')
  const seen: unknown[] = []
  const waiting = collectGarbage({ stateDir, engine: ENGINE, busy: 'wait' }).then((rows) => seen.push(rows, dead()))
  // By then the one that was asked before has looked as well.
  await collectGarbage({ stateDir, engine: ENGINE })
  await new Promise((resolve) => setImmediate(resolve))
  expect(seen).toEqual([])
  done()
  await waiting
  expect(seen).toEqual([[], []])
})
