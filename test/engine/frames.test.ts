import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader } from '../../src/engine/frames.ts'

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(stream, 0)
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

test('frames cut anywhere give the same text', () => {
  const parts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()), { minLength: 1 })
  fc.assert(
    fc.property(parts, fc.array(fc.nat(), { maxLength: 20 }), (frames, cuts) => {
      const bytes = Buffer.concat(frames.map(([stream, text]) => frame(stream, text)))
      const reader = new FrameReader(1_000_000)
      const at = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b)
      for (const [index, from] of at.entries()) reader.push(bytes.subarray(from, at[index + 1] ?? from))
      const said = (wanted: number) => frames.flatMap(([stream, text]) => (stream === wanted ? [text] : [])).join('')
      expect(reader.text('stdout')).toBe(said(1))
      expect(reader.text('stderr')).toBe(said(2))
      expect(reader.text('all')).toBe(frames.map(([, text]) => text).join(''))
    }),
  )
})

test('a terminal is not framed, and what is too long is cut and said', () => {
  const reader = new FrameReader(5)
  reader.push(Buffer.from('hello world'))
  expect([reader.text('stdout'), reader.truncated]).toEqual(['hello', true])
})
