import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { FOREVER, scratchStack, sh } from './support/scratch-stack.ts'

const MINUTE = 60_000

test('two apps that have most of the machine set aside run beside each other', async () => {
  const engine = await Engine.connect()
  const memory = String(Math.floor(totalmem() * 0.6))
  const app = sh(FOREVER, { resources: { reservations: { memory, cpus: '0.6' } } })
  await using first = scratchStack(engine)
  await using second = scratchStack(engine)
  for (const scratch of [first, second]) {
    const up = await scratch.up({ app }, { timeoutMs: 5 * MINUTE })
    expect(up).toMatchObject({ state: 'ready' })
  }
})
