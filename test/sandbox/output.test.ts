import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Lines } from '../../src/sandbox/lines.ts'
import { Output } from '../../src/sandbox/output.ts'

describe('what a program prints', () => {
  test('comes in lines, cut anywhere, the streams not mixed within a line', () => {
    const text = fc.array(
      fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', ' ')),
      { minLength: 1 },
    )
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (wanted, step) => {
        const lines: string[] = []
        const output = new Output((line) => lines.push(line))
        const bytes = Buffer.from(`${wanted.join('\n')}\n`)
        for (let at = 0; at < bytes.length; at += step) {
          output.push('stdout', bytes.subarray(at, at + step))
          output.push('stderr', Buffer.from('x'))
        }
        output.end()
        expect(lines.slice(0, -1)).toEqual(wanted)
        expect(lines.at(-1)).toMatch(/^x+$/)
      }),
    )
  })

  test('is kept to the last 256 KiB, and a line without end is told in pieces', () => {
    const lines: number[] = []
    const output = new Output((line) => lines.push(line.length))
    for (let part = 0; part < 100; part += 1) output.push('stdout', Buffer.alloc(10_000, 'y'))
    output.push('stderr', Buffer.from('last'))
    expect(output.end()).toMatch(/^y+last$/)
    expect(output.end()).toHaveLength(256 * 1024)
    expect(Math.max(...lines)).toBe(16 * 1024)
    expect(output.total).toBe(1_000_004)
  })
})

describe('lines of the bridge', () => {
  test('are told whole, up to the longest', () => {
    const reported: string[] = []
    const lines = new Lines(
      5,
      (line) => reported.push(line),
      () => reported.push('too long'),
    )
    for (const part of ['a\nbc', 'de', 'f\n\n12345\n', '123456\nnever\n', 'never\n']) lines.push(Buffer.from(part))
    expect(reported).toEqual(['a', 'bcdef', '', '12345', 'too long'])
  })
})
