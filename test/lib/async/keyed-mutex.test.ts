import { expect, it } from 'vitest'
import { KeyedMutex } from '../../../src/lib/async/keyed-mutex.ts'

it('runs one action at a time for a key, in parallel for others, and continues after a failure', async () => {
  const mutex = new KeyedMutex()
  const seen: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = mutex.run('a', async () => {
    await gate.promise
    seen.push('a1')
    throw new Error('a1 fails')
  })
  const second = mutex.run('a', async () => seen.push('a2'))
  await mutex.run('b', async () => seen.push('b'))
  expect(seen).toEqual(['b'])
  gate.resolve()
  await expect(first).rejects.toThrow('a1 fails')
  await second
  expect(seen).toEqual(['b', 'a1', 'a2'])
})
