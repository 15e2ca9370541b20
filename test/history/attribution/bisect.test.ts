import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ProbeResult, searchState } from '../../../src/history/attribution/bisect.ts'

/** Looks until nothing is left to look at. */
function search(last: number, answer: (position: number) => ProbeResult) {
  const known = new Map<number, ProbeResult>()
  for (let at = searchState(last, known); at.next !== null; at = searchState(last, known)) {
    expect(known.has(at.next)).toBe(false)
    known.set(at.next, answer(at.next))
  }
  return { ...searchState(last, known), looks: known.size }
}

describe('the search for the first bad commit', () => {
  it('needs one look for each time that the line can be halved', () => {
    const histories = fc
      .integer({ min: 1, max: 5000 })
      .chain((last) => fc.tuple(fc.constant(last), fc.integer({ min: 1, max: last })))
    fc.assert(
      fc.property(histories, ([last, first]) => {
        const { from, to, looks } = search(last, (position) => (position >= first ? 'bad' : 'good'))
        expect([from, to]).toEqual([first, first])
        expect(looks).toBeLessThanOrEqual(Math.ceil(Math.log2(last)))
      }),
    )
  })

  it('never leaves it out, whatever is unclear, and narrows down to what is', () => {
    const histories = fc
      .array(fc.boolean(), { minLength: 1, maxLength: 60 })
      .chain((unclear) => fc.tuple(fc.constant(unclear), fc.integer({ min: 1, max: unclear.length })))
    fc.assert(
      fc.property(histories, ([unclear, first]) => {
        const last = unclear.length
        const truth = (position: number) => (position >= first ? 'bad' : 'good')
        const { from, to } = search(last, (position) => (unclear[position] ? 'unclear' : truth(position)))
        expect(from).toBeLessThanOrEqual(first)
        expect(to).toBeGreaterThanOrEqual(first)
        for (let position = from; position < to; position += 1) expect(unclear[position]).toBe(true)
      }),
    )
  })

  it('has nothing to look at between neighbours', () => {
    expect(searchState(1, new Map())).toEqual({ next: null, from: 1, to: 1 })
  })
})
