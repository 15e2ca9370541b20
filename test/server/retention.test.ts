import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRetention, type RetentionDeps } from '../../src/server/retention.ts'
import { LAUNCHER } from '../cli/cc-ci.ts'
import { DAY_MS, generateRun, idAt } from '../history/retention/generated.ts'
import { openScene } from './support/scene.ts'

const AGE = { pruneOlderThanMs: 30 * DAY_MS, pruneMaxBytes: null }

/** A server's retention whose rounds do not wait for the next one, and how often its index was made again. */
async function stage(settings: Partial<RetentionDeps['settings']> = AGE) {
  const { parts } = await openScene(settings)
  let rebuilt = 0
  const store = {
    async rebuild() {
      rebuilt += 1
      return parts.store.rebuild()
    },
  }
  const clock = { ...parts.clock, sleep: async () => {} }
  const retention = createRetention({ ...parts, store, clock, ccCi: [LAUNCHER] })
  const { state } = parts.settings
  const run = (days: number) => generateRun(state, { id: idAt(Date.now() - days * DAY_MS) })
  return { state, retention, run, rebuilt: () => rebuilt, round: () => retention.round(new AbortController().signal) }
}

test('a round prunes what is old, tells what is left, and has the index made again when something went', async () => {
  const { retention, run, round, rebuilt } = await stage()
  expect(retention.seen()).toEqual({ disk: null, trouble: null })
  const [old, young] = [run(31), run(1)]
  await round()
  expect([existsSync(old.report), existsSync(young.report), rebuilt()]).toEqual([false, true, 1])
  const { disk, trouble } = retention.seen()
  expect([disk?.runs, trouble]).toEqual([2, null])
  expect(disk?.bytes).toBeGreaterThan(10_000)
  await round()
  expect([rebuilt(), retention.seen().disk?.bytes]).toEqual([1, disk?.bytes])
})

test('the size is a limit too, and without limits nothing goes', async () => {
  const small = await stage({ pruneOlderThanMs: null, pruneMaxBytes: 1024 })
  const pruned = small.run(1)
  await small.round()
  expect(existsSync(pruned.report)).toBe(false)
  const without = await stage({ pruneOlderThanMs: null, pruneMaxBytes: null })
  const kept = without.run(1000)
  await without.round()
  expect([existsSync(kept.report), without.retention.seen().disk?.runs]).toEqual([true, 1])
})

test('what keeps it from pruning is told until it is fixed, and a stop is no trouble', async () => {
  const { state, retention, run, round } = await stage()
  const { report } = run(31)
  mkdirSync(join(state, 'pins'))
  writeFileSync(join(state, 'pins', 'sweeps.json'), '{')
  await round()
  expect(retention.seen().trouble).toContain('what must not be pruned cannot be read, so nothing is')
  expect(existsSync(report)).toBe(true)
  rmSync(join(state, 'pins', 'sweeps.json'))
  await retention.round(AbortSignal.abort())
  await round()
  expect([retention.seen().trouble, existsSync(report)]).toEqual([null, false])
})
