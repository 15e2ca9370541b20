import { expect, it } from 'vitest'
import { readBounded } from '../../../src/lib/files/bounded-body.ts'

/** A body in these pieces; `hungUp` when its reader has left it. */
function body(pieces: readonly string[]) {
  const seen = { hungUp: false }
  async function* read() {
    try {
      for (const piece of pieces) yield Buffer.from(piece)
    } finally {
      seen.hungUp = true
    }
  }
  return { seen, pieces: read() }
}

const tooLarge = () => new RangeError('too large')

it('reads a body whole up to the bound, and none as nothing', async () => {
  expect((await readBounded(body(['ab', 'cd']).pieces, 4, tooLarge)).toString()).toBe('abcd')
  expect((await readBounded(null, 4, tooLarge)).toString()).toBe('')
})

it('hangs up past the bound, however much would still come', async () => {
  const { seen, pieces } = body(['abc', 'de', ...Array.from({ length: 1000 }, () => 'more')])
  await expect(readBounded(pieces, 4, tooLarge)).rejects.toThrow('too large')
  expect(seen.hungUp).toBe(true)
  expect((await pieces.next()).done).toBe(true)
})
