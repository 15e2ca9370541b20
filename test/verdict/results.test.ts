import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import type { CcCiError } from '../../src/lib/errors.ts'
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

describe('parseResults', () => {
  const whole = JSON.parse(JSON.stringify(fold(passingStream())))

  it('gives what it was given', () => {
    expect(parseResults(whole)).toEqual(whole)
    const statuses = ['fail', 'skip', 'unverified'].map((status) => ({ ...whole.tiers[0], status }))
    expect(parseResults({ ...whole, tiers: statuses }).tiers).toEqual(statuses)
  })

  it.each([
    ['run.id', { run: { ...whole.run, id: undefined } }],
    ['run.finishedAt', { run: { ...whole.run, finishedAt: 'today' } }],
    ['run.interrupted', { run: { ...whole.run, interrupted: 'SIGKILL' } }],
    ['tiers.0.checks.0.name', { tiers: [{ ...whole.tiers[0], checks: [{ outcome: 'pass' }] }] }],
    ['tiers.0.checks.0.outcome', { tiers: [{ ...whole.tiers[0], checks: [{ name: 'x' }] }] }],
    ['tiers.0.operations.0.operation', { tiers: [{ ...whole.tiers[0], operations: [{ ms: 1 }] }] }],
    ['tiers.0.operations.0.ms', { tiers: [{ ...whole.tiers[0], operations: [{ operation: 'x' }] }] }],
    ['tiers.0.durationMs', { tiers: [{ ...whole.tiers[0], durationMs: -1 }] }],
    ['level', { level: -1 }],
    ['level', { level: 1.5 }],
  ])('names %s where it is wrong: %j', (place, wrong) => {
    expect(() => parseResults({ ...whole, ...wrong })).toThrow(`not the results of a run: ${place}: `)
  })

  it('names the file, each wrong place, and what may have happened', () => {
    const refused = (data: unknown, file?: string) => {
      try {
        return parseResults(data, file)
      } catch (error) {
        return error as CcCiError
      }
    }
    expect(refused(5, 'results.json')).toMatchObject({
      code: 'results-damaged',
      where: { file: 'results.json' },
      hint: expect.stringContaining('changed after the run'),
      message: expect.stringContaining('run: results: '),
    })
    expect(refused({ ...whole, level: 7, schema: 2 })).toMatchObject({
      where: undefined,
      message: expect.stringMatching(/schema: .*; level: /),
    })
  })
})

it('the schema wants a kind that is text of each piece of evidence', () => {
  const results = JSON.parse(JSON.stringify(fold(passingStream())))
  results.tiers[0].evidence = [{ kind: 5 }]
  expect(validate(results)).toBe(false)
})
