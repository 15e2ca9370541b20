import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MASK, Masker, MIN_SECRET_LENGTH } from '../../src/lib/mask.ts'

const secrets = fc
  .string({ minLength: MIN_SECRET_LENGTH, maxLength: 40, unit: 'grapheme-ascii' })
  .filter((text) => text.trim().length >= MIN_SECRET_LENGTH)

function maskerOf(...values: string[]): Masker {
  const masker = new Masker()
  for (const value of values) masker.add(value)
  return masker
}

describe('Masker', () => {
  it('replaces the value and its encodings', () => {
    const masker = maskerOf('p@ss w0rd/"x"')
    const forms = [
      'p@ss w0rd/"x"',
      encodeURIComponent('p@ss w0rd/"x"'),
      'p@ss w0rd/\\"x\\"',
      Buffer.from('p@ss w0rd/"x"').toString('hex'),
    ]
    for (const form of forms) expect(masker.mask(`a ${form} b`)).toBe(`a ${MASK} b`)
  })

  it('leaves short values and other text alone', () => {
    expect(maskerOf('short').mask('a short story')).toBe('a short story')
    expect(maskerOf('longenough').mask('nothing here')).toBe('nothing here')
  })

  it('masks every line of a value with several lines', () => {
    const masked = maskerOf('-----first line-----\n-----second line-----').mask('x -----second line----- y')
    expect(masked).toBe(`x ${MASK} y`)
  })

  it('finds a value inside base64 at any alignment', () => {
    fc.assert(
      fc.property(secrets, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (secret, before, after) => {
        const encoded = Buffer.from(before + secret + after).toString('base64')
        const middle = Buffer.from(secret).length >= 12
        return !middle || maskerOf(secret).leaks(encoded)
      }),
    )
  })

  it('gives the same text for a stream cut anywhere', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.array(fc.string({ maxLength: 30 }), { maxLength: 5 }),
        fc.array(fc.nat(200), { maxLength: 6 }),
        (secret, parts, cuts) => {
          const masker = maskerOf(secret)
          const text = parts.join(secret)
          const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
          const stream = masker.stream()
          const streamed =
            at
              .slice(1)
              .map((end, index) => stream.push(text.slice(at[index], end)))
              .join('') + stream.end()
          return !masker.leaks(streamed)
        },
      ),
    )
  })

  it('never leaves a known secret in masked text', () => {
    fc.assert(
      fc.property(fc.array(secrets, { minLength: 1, maxLength: 4 }), fc.string(), (values, noise) => {
        const masker = maskerOf(...values)
        return !masker.leaks(masker.mask(values.join(noise)))
      }),
    )
  })
})
