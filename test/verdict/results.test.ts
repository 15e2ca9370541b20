import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { generateDocs, PAGES } from '../../scripts/generate-docs.ts'
import { CAUSES } from '../../src/verdict/causes.ts'
import { EVIDENCE } from '../../src/verdict/evidence.ts'
import { fold } from '../../src/verdict/fold.ts'
import { parseResults, resultsSchema } from '../../src/verdict/results.ts'
import { TIER_IDS } from '../../src/verdict/tiers.ts'
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

describe('generated reference', () => {
  it('is what the tables say', async () => {
    expect(await generateDocs(join(import.meta.dirname, '../..'), true)).toEqual([])
  })

  it('names the files that drifted, writes them, and is then quiet', async () => {
    const root = mkdtempSync(join(tmpdir(), 'cc-ci-docs-'))
    const all = PAGES.map(({ file }) => file)
    expect(await generateDocs(root, true)).toEqual(all)
    expect(await generateDocs(root, false)).toEqual(all)
    writeFileSync(join(root, 'docs/reference/causes.md'), 'changed by hand')
    expect(await generateDocs(root, true)).toEqual(['docs/reference/causes.md'])
    rmSync(root, { recursive: true })
  })

  it('has a section for every cause, tier and kind of evidence', () => {
    const read = (file: string) => readFileSync(join(import.meta.dirname, '../../docs/reference', file), 'utf8')
    for (const code of Object.keys(CAUSES)) expect(read('causes.md')).toContain(`\n## ${code}\n`)
    for (const id of TIER_IDS) expect(read('tiers.md')).toContain(`\n| ${id} |`)
    for (const kind of Object.keys(EVIDENCE)) expect(read('tiers.md')).toContain(`\n### ${kind}\n`)
  })
})
