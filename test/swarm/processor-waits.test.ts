import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { inputTag } from '../../src/images/definition.ts'
import { toolbox } from '../../src/images/toolbox.ts'
import { randomId } from '../../src/lib/ids.ts'
import { processorWaits } from '../../src/lib/process/processor-waits.ts'

/** Four programs for each processor want it all for so long. */
const CROWD_S = 4
const CROWD = `for i in $(seq ${4 * availableParallelism()}); do timeout ${CROWD_S} sh -c 'while :; do :; done' & done; wait; : > /tmp/over; sleep 600`

test('what wants processors that others have has waited for them, and what sleeps beside it has not', async () => {
  const engine = await Engine.connect()
  const name = `waits-${randomId(8)}`
  const start = async (which: string, script: string) => {
    const argv = ['/bin/sh', '-c', script]
    const options = { image: inputTag(toolbox()), argv, env: {}, labels: {}, capabilities: [], mounts: new Map() }
    await engine.runContainer({ name: `${name}-${which}`, ...options })
    return (await engine.container(`${name}-${which}`))?.id ?? ''
  }
  await using _ = {
    async [Symbol.asyncDispose]() {
      for (const which of ['asleep', 'crowd']) await engine.removeContainer(`${name}-${which}`)
    },
  }
  const asleep = await start('asleep', 'sleep 600')
  const crowd = await start('crowd', CROWD)
  const isOver = async () =>
    (await engine.exec(`${name}-crowd`, ['test', '-e', '/tmp/over'], { timeoutMs: 60_000 })).exitCode === 0
  await expect.poll(isOver, { timeout: 120_000, interval: 200 }).toBe(true)
  const waits = processorWaits([asleep, crowd])
  // A kernel without this count, and an engine whose groups are elsewhere, say nothing: then the load decides alone.
  if (!existsSync('/proc/pressure/cpu')) return expect(waits).toBeNull()
  expect(waits?.get(crowd)).toBeGreaterThan((CROWD_S * 1000) / 2)
  expect(waits?.get(asleep)).toBeLessThan((CROWD_S * 1000) / 2)
  expect(processorWaits([asleep, 'f'.repeat(64)])).toBeNull()
})
