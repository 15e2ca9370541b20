import { expect, it } from 'vitest'
import { Turns } from '../../src/lib/turns.ts'

it('takes turns for one key, goes side by side for others, and goes on after a failure', async () => {
  const turns = new Turns()
  const seen: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turns.take('a', async () => {
    await gate.promise
    seen.push('a1')
    throw new Error('a1 fails')
  })
  const second = turns.take('a', async () => seen.push('a2'))
  await turns.take('b', async () => seen.push('b'))
  expect(seen).toEqual(['b'])
  gate.resolve()
  await expect(first).rejects.toThrow('a1 fails')
  await second
  expect(seen).toEqual(['b', 'a1', 'a2'])
})
