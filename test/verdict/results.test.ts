import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { fold } from '../../src/verdict/fold.ts'
import { parseResults, resultsSchema } from '../../src/verdict/results.ts'
import { passingStream } from './passing-stream.ts'

const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(resultsSchema())

describe('the schema of results.json', () => {
  it('accepts what fold makes, of whole streams and of streams that were cut off', () => {
    const events = passingStream()
    for (const end of [1, 5, 20, 40, events.length]) {
      expect(validate(JSON.parse(JSON.stringify(fold(events.slice(0, end))))), JSON.stringify(validate.errors)).toBe(
        true,
      )
    }
  })

  it('has every fixed key, and asks for it', () => {
    const fixed =
      'schema tool run recipe base verdict level tiers findings flags leaks accommodations images customization environment artifacts'
    expect(resultsSchema().required).toEqual(expect.arrayContaining(fixed.split(' ')))
  })

  it.each([
    ['verdict', 'maybe'],
    ['level', 7],
    ['schema', 2],
    ['tiers', [{ id: 'install' }]],
    ['flags', {}],
  ])('refuses %s %j, and so does parseResults, naming the place', (key, value) => {
    const wrong = { ...fold(passingStream()), [key]: value }
    expect(validate(wrong)).toBe(false)
    expect(() => parseResults(wrong, 'results.json')).toThrow(key)
  })

  it('refuses evidence without a kind, and lets later versions add keys', () => {
    const results = JSON.parse(JSON.stringify(fold(passingStream())))
    expect(validate({ ...results, later: 1 })).toBe(true)
    results.tiers[0].evidence = [{ rules: [] }]
    expect(validate(results)).toBe(false)
  })
})
