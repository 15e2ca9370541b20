import { expect, test } from 'vitest'
import { FileCache } from '../../../src/server/http/file-cache.ts'
import { FakeClock } from '../storage/bench.ts'

const MIB = 1024 ** 2

test('a file is read again when it has changed, one that is large no more often than its cost allows', () => {
  const clock = new FakeClock()
  const cache = new FileCache<number>(clock)
  let reads = 0
  const look = (file: string, size: number, mtimeMs = 1) => cache.of(file, { size, mtimeMs }, () => ++reads)

  expect([look('small', 10), look('small', 10), look('small', 11), look('small', 11, 2)]).toEqual([1, 1, 2, 3])
  expect([look('large', 8 * MIB), look('large', 8 * MIB + 1), look('large', 8 * MIB + 2)]).toEqual([4, 4, 4])
  clock.time += 20_000
  expect([look('large', 8 * MIB + 2), look('large', 8 * MIB + 3)]).toEqual([5, 5])
})

test('what is held is bounded by the size of the files, the longest unread goes first', () => {
  const cache = new FileCache<string>(new FakeClock())
  for (let index = 0; index < 50; index++) {
    cache.of(`f${index}`, { size: MIB, mtimeMs: 1 }, () => 'read')
    expect(cache.bytes).toBeLessThanOrEqual(32 * MIB)
  }
  expect(cache.of('f49', { size: MIB, mtimeMs: 1 }, () => 'again')).toBe('read')
  expect(cache.of('f0', { size: MIB, mtimeMs: 1 }, () => 'again')).toBe('again')
})

test('what cannot be read is asked for again', () => {
  const cache = new FileCache<string>(new FakeClock())
  const broken = () => {
    throw new Error('half a line')
  }
  expect(() => cache.of('f', { size: 1, mtimeMs: 1 }, broken)).toThrow('half a line')
  expect(cache.of('f', { size: 1, mtimeMs: 1 }, () => 'read')).toBe('read')
})
