import { expect, test } from 'vitest'
import { MEMORY_LABEL } from '../../../src/engine/convergence/out-of-memory.ts'
import { PROCESSES_LABEL } from '../../../src/engine/convergence/out-of-processes.ts'
import { starvationIn } from '../../../src/engine/watch/starvation.ts'
import { lived, second } from './lives.ts'
import { watching } from './watching.ts'

// A hook or a health check that the kernel kills ends no container: the engine's event tells it.
const OURS = { labels: { [MEMORY_LABEL]: String(2 * 1024 ** 3) } }
const TOLD = { labels: { [PROCESSES_LABEL]: '2048' } }

test('a kill that ended nothing is told where the limit is not the recipe’s', async () => {
  const { watch, at, killsIn } = watching({ app: [{ from: 0 }] }, { specs: { app: OURS } })
  await at(10)
  expect(watch.starved(second(0))).toBeNull()
  killsIn('app', 12)
  expect(watch.starved(second(11))).toMatchObject({ service: 'app', why: { code: 'run-memory' } })
})

test('a limit of the recipe’s own starves nobody: what comes of it is the recipe’s fault', async () => {
  const { watch, at, killsIn } = watching({ app: [{ from: 0 }] })
  await at(10)
  killsIn('app', 12)
  expect(watch.starved(second(11))).toBeNull()
})

test('a kill of before counts in the container that runs on without what was killed, and in no other', async () => {
  const lives = { app: [{ from: 0 }], db: [{ from: 0, to: 20 }, { from: 21 }] }
  const { watch, at, killsIn } = watching(lives, { specs: { db: OURS, app: OURS } })
  await at(10)
  killsIn('db', 12)
  await at(30)
  expect(watch.starved(second(25))).toBeNull()
  killsIn('app', 12)
  expect(watch.starved(second(25))).toMatchObject({ service: 'app' })
})

test('a container that the kernel ended counts from when it ended', async () => {
  const lives = { app: [{ from: 0, to: 20, oom: true }, { from: 21 }] }
  const { watch, at } = watching(lives, { specs: { app: OURS } })
  await at(30)
  expect(watch.starved(second(15))).toMatchObject({ service: 'app' })
  expect(watch.starved(second(25))).toBeNull()
})

test('a process that was refused starves where the limit is not the recipe’s, in the container that it was refused to', () => {
  const seen = lived(30, { app: [{ from: 0 }], db: [{ from: 0, to: 20 }, { from: 21 }] }, { app: TOLD, db: TOLD })
  const refused = (group: string, at: number) => [{ group: `/docker/${group}`, at: second(at) }]
  const found = (signs: Partial<Parameters<typeof starvationIn>[1]>) =>
    starvationIn(seen, { since: second(25), killed: new Map(), refused: [], ...signs })
  expect(found({ refused: refused('c-app0', 12) })).toMatchObject({ service: 'app', why: { code: 'run-processes' } })
  expect(found({ refused: refused('c-db0', 12) })).toBeNull()
  expect(found({ refused: refused('c-db1', 26) })).toMatchObject({ service: 'db' })
  expect(found({ refused: refused('c-other', 26) })).toBeNull()
  const own = lived(30, { app: [{ from: 0 }] })
  expect(starvationIn(own, { since: 0, killed: new Map(), refused: refused('c-app0', 12) })).toBeNull()
})
